import Accounts
import Foundation
import GRDB
import Sessions
import StorageConformance
import Testing

@testable import Storage

/// What callers are told when the database cannot be used, and that nothing is half written
/// (ASVS 16.5.2: failures of storage are closed, not open).
@Suite struct FaultTests {
    let database: TemporaryDatabase
    let storage: SQLiteStorage
    let user = Sample.user()
    let kept: Session

    init() async throws {
        database = try TemporaryDatabase()
        storage = try database.open()
        kept = Sample.session(of: user)
        try await storage.insert(Sample.account(user))
        _ = try await storage.insert(kept, keeping: 10)
    }

    @Test func `a lock held by another connection is told as locked, and reads go on`() async throws
    {
        let holder = try LockHolder(path: database.path)
        let session = Sample.session(of: user)
        let error = await #expect(throws: StorageError.self) {
            try await storage.insert(session, keeping: 10)
        }
        #expect(error?.code == "locked")
        #expect(try await storage.find(kept.key)?.session == kept)
        try holder.release()
        #expect(try await storage.find(session.key) == nil)
        #expect(try await storage.remove(kept.key)?.id == kept.id)
    }

    @Test func `a write that waits for a lock goes on when it is released`() async throws {
        let patient = try database.open(lockWait: 60_000)
        let holder = try LockHolder(path: database.path)
        let session = Sample.session(of: user)
        async let insertion = patient.insert(session, keeping: 10)
        // Answered between two attempts of the write, which is therefore waiting by now or will.
        #expect(try await !patient.hasForeignChanges())
        try holder.release()
        #expect(try await insertion.principal.id == user.id)
        try patient.close()
    }

    @Test func `a full disk is told as full, nothing is kept, and it recovers`() async throws {
        try await storage.writer.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages)")
        }
        var accepted: [Session] = []
        var refused: [Session] = []
        for _ in 0..<60 {
            let session = Sample.session(of: user)
            do {
                _ = try await storage.insert(session, keeping: 1000)
                accepted.append(session)
            } catch {
                #expect(error.code == "full")
                refused.append(session)
            }
        }
        #expect(!refused.isEmpty)
        for session in accepted { #expect(try await storage.find(session.key) != nil) }
        for session in refused { #expect(try await storage.find(session.key) == nil) }
        // Ending a session needs no room.
        #expect(try await storage.remove(kept.key)?.id == kept.id)
        try await storage.writer.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA max_page_count = 1000000")
        }
        for session in refused { _ = try await storage.insert(session, keeping: 1000) }
    }

    @Test func `a database that refuses writes is told as read-only`() async throws {
        try await storage.writer.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA query_only = ON")
        }
        let session = Sample.session(of: user)
        let error = await #expect(throws: StorageError.self) {
            try await storage.insert(session, keeping: 10)
        }
        #expect(error?.code == "read-only")
        let other = await #expect(throws: StorageError.self) {
            try await storage.remove(kept.key)
        }
        #expect(other?.code == "read-only")
        #expect(try await storage.find(kept.key)?.session == kept)
        #expect(try await storage.find(session.key) == nil)
    }

    @Test func `damaged pages are told as corrupt, never as signed out`() async throws {
        for _ in 0..<50 {
            _ = try await storage.insert(Sample.session(of: user), keeping: 1000)
        }
        try storage.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: database.path))
        let size = Int(try file.seekToEnd())
        // Opening reads the schema and the steps taken; all other pages are overwritten.
        let pages = try await DatabaseQueue(path: database.path).read { db in
            try Int.fetchAll(
                db,
                sql: """
                    SELECT pageno FROM dbstat
                    WHERE name = 'sqlite_schema' OR name LIKE '%grdb_migrations%'
                    """
            )
        }
        for page in 1..<(size / 4096) where !pages.contains(page + 1) {
            try file.seek(toOffset: UInt64(page * 4096))
            try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        }
        try file.close()
        let damaged = try database.open()
        let error = await #expect(throws: StorageError.self) { try await damaged.find(kept.key) }
        #expect(error?.code == "corrupt")
        let other = await #expect(throws: StorageError.self) {
            try await damaged.insert(Sample.session(of: user), keeping: 10)
        }
        #expect(other?.code == "corrupt")
    }

    @Test func `a failure names the result code and no value of a row`() async throws {
        let holder = try LockHolder(path: database.path)
        let account = Sample.account(Sample.user("secret-name"), hash: "secret-hash")
        let error = await #expect(throws: StorageError.self) {
            try await storage.insert(account)
        }
        #expect(error == .unavailable(code: "locked", detail: "SQLITE_BUSY (5)"))
        try holder.release()
    }

    @Test func `a name with a NUL is another name, not the part before it`() async throws {
        let name = "\(user.username)\0x"
        #expect(try await storage.credentials(of: NameKey(stored: name)) == nil)
        let other = Sample.user(name)
        try await storage.insert(Sample.account(other))
        #expect(try await storage.credentials(of: NameKey(stored: name))?.user == other)
        #expect(try await storage.user(user.id) == user)
        let page = try await storage.users(matching: "\0", after: nil, limit: 9)
        #expect(page.users == [other])
    }
}

/// A transaction of another connection that keeps the write lock until it is released.
private final class LockHolder {
    private let connection: DatabaseQueue

    init(path: String) throws {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        connection = try DatabaseQueue(path: path, configuration: configuration)
        try connection.inDatabase { try $0.beginTransaction(.immediate) }
    }

    func release() throws {
        try connection.inDatabase { try $0.rollback() }
        try connection.close()
    }
}
