import Foundation
import GRDB
import Sessions
import StorageConformance
import Testing

@testable import Storage

@Suite struct OpeningTests {
    let database: TemporaryDatabase

    init() throws { database = try TemporaryDatabase() }

    @Test func `a fresh database and its log are readable by their owner only`() async throws {
        let before = umask(0)
        defer { umask(before) }
        let storage = try database.open()
        try await storage.insert(Sample.account(Sample.user()))
        #expect(try database.mode() == 0o600)
        #expect(try database.mode(of: "-wal") == 0o600)
        #expect(try database.mode(of: "-shm") == 0o600)
        try storage.close()
        #expect(!FileManager.default.fileExists(atPath: database.path + "-wal"))
    }

    @Test func `every commit waits for the disk and keys are enforced`() async throws {
        let storage = try database.open()
        for (pragma, expected) in [
            ("synchronous", 2), ("foreign_keys", 1), ("trusted_schema", 0), ("secure_delete", 2),
            ("application_id", Schema.applicationID),
        ] {
            let value = try await storage.writer.writeWithoutTransaction { db in
                try Int64.fetchOne(db, sql: "PRAGMA \(pragma)")
            }
            #expect(value == expected, "PRAGMA \(pragma)")
        }
        let mode = try await storage.writer.writeWithoutTransaction { db in
            try String.fetchOne(db, sql: "PRAGMA journal_mode")
        }
        #expect(mode == "wal")
        let error = #expect(throws: DatabaseError.self) {
            try storage.readers.read { try $0.execute(sql: "DELETE FROM users") }
        }
        #expect(error?.resultCode == .SQLITE_READONLY)
    }

    @Test func `a folder that does not exist is named as the cause`() {
        let expected = StorageError.unavailable(
            code: "io",
            detail: "the folder that should hold the database does not exist"
        )
        #expect(throws: expected) {
            try SQLiteStorage(path: database.folder + "/absent/coatcheck.db")
        }
    }

    @Test(arguments: ["", "a\0b"])
    func `a path that is none is refused`(_ path: String) {
        #expect(throws: StorageError.self) { try SQLiteStorage(path: path) }
    }

    @Test func `a folder in the place of the database is refused`() {
        let error = #expect(throws: StorageError.self) {
            try SQLiteStorage(path: database.folder)
        }
        #expect(error?.code == "io")
    }

    @Test func `a file system that cannot be written to is refused as read-only`() {
        // sysfs takes new files from nobody, root included.
        let error = #expect(throws: StorageError.self) {
            try SQLiteStorage(path: "/sys/kernel/coatcheck.db")
        }
        #expect(error?.code == "read-only")
    }

    @Test func `a file that is no database is refused as corrupt and left alone`() throws {
        let text = Data(String(repeating: "not a database ", count: 100).utf8)
        try text.write(to: URL(fileURLWithPath: database.path))
        let error = #expect(throws: StorageError.self) { try database.open() }
        #expect(error?.code == "corrupt")
        #expect(try Data(contentsOf: URL(fileURLWithPath: database.path)) == text)
    }

    @Test func `the database of another program is refused and left alone`() throws {
        try DatabaseQueue(path: database.path).write { db in
            try db.execute(sql: "CREATE TABLE users (name TEXT)")
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: database.path))
        let error = #expect(throws: StorageError.self) { try database.open() }
        #expect(error?.code == "schema")
        #expect(try Data(contentsOf: URL(fileURLWithPath: database.path)) == before)
    }

    @Test func `a database of a newer version is refused`() async throws {
        let storage = try database.open()
        try await storage.writer.write { db in
            try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('v999')")
        }
        try storage.close()
        let expected = StorageError.unavailable(
            code: "schema",
            detail: "the database was made by a newer version of coatcheck"
        )
        #expect(throws: expected) { try database.open() }
    }

    @Test(arguments: 1...20)
    func `several that start at once on a fresh file all succeed`(_ round: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { [database] in
                    let storage = try database.open(lockWait: 5000)
                    try storage.close()
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `a closed storage says so`() async throws {
        let storage = try database.open()
        let user = Sample.user()
        try await storage.insert(Sample.account(user))
        try storage.close()
        let session = Sample.session(of: user)
        await #expect(throws: StorageError.closed) { try await storage.find(session.key) }
        await #expect(throws: StorageError.closed) {
            try await storage.insert(session, keeping: 10)
        }
        await #expect(throws: StorageError.closed) { try await storage.hasForeignChanges() }
        try storage.close()
    }
}
