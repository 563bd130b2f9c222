import Accounts
import Foundation
import GRDB
import Sessions
import StorageConformance
import Telemetry
import Testing

@testable import Storage

/// What comes back from a backup, what does not, and what is refused.
@Suite struct RestoreTests {
    let database: TemporaryDatabase
    let user = Sample.user()
    let session: Session
    let link: PasswordLink
    var backup: String { database.folder + "/backup.db" }
    var place: String { database.folder + "/restored.db" }
    private let now = Sample.start + 1000

    init() async throws {
        database = try TemporaryDatabase()
        // The last byte of the file is one of this; a backup that lacks a last 0 lacks nothing.
        let key = try #require(TokenDigest(bytes: Array(repeating: 0xFB, count: 32)))
        session = Sample.session(of: user, key: key)
        link = PasswordLink(
            digest: Sample.key(),
            userID: user.id,
            expiresAt: Sample.start + 100_000
        )
        let storage = try database.open()
        try await storage.insert(Sample.account(user))
        _ = try await storage.insert(session, keeping: 10)
        try await storage.insertLink(link, by: nil)
        _ = try SQLiteStorage.backUp(database.path, to: backup, replacing: false)
        try storage.close()
    }

    @discardableResult
    private func restore(
        _ file: String? = nil,
        keepingSessions: Bool = false
    ) throws(BackupFailure) -> SQLiteStorage.Restoration {
        try SQLiteStorage.restore(
            try OpenedBackup(path: file ?? backup),
            to: place,
            keepingSessions: keepingSessions,
            at: now
        ) { [AuditRecord(at: now.seconds, event: "sys_restore", detail: "ended=\($0)")] }
    }

    private func bytes(of path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path))
    }

    private func leftovers() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: database.folder)
            .filter { $0.hasPrefix("restored.db") }
    }

    @Test func `accounts come back, sessions have ended and links are gone`() async throws {
        let restoration = try restore()
        #expect(restoration.endedSessions == 1)
        #expect(restoration.contents.accounts == 1 && restoration.contents.sessions == 0)
        #expect(try leftovers() == ["restored.db"])
        let attributes = try FileManager.default.attributesOfItem(atPath: place)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let storage = try SQLiteStorage(path: place, readers: 1)
        #expect(try await storage.user(user.id) == user)
        #expect(try await storage.find(session.key) == nil)
        #expect(try await storage.ended(session.key, since: now) == EndedSession(session))
        #expect(try await storage.user(ofLink: link.digest, at: now) == nil)
        let trail = try await storage.auditRecords(matching: AuditFilter(), limit: 9)
        #expect(trail.map(\.detail) == ["ended=1"])
        try storage.close()
    }

    @Test func `sessions and links go on where that is asked for`() async throws {
        #expect(try restore(keepingSessions: true).endedSessions == 0)
        let storage = try SQLiteStorage(path: place, readers: 1)
        #expect(try await storage.find(session.key)?.session == session)
        #expect(try await storage.user(ofLink: link.digest, at: now)?.id == user.id)
        try storage.close()
    }

    @Test func `a database in the place, or what SQLite keeps beside one, is left alone`() throws {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            try Data("mine".utf8).write(to: URL(fileURLWithPath: place + suffix))
            #expect(throws: BackupFailure.exists(path: place + suffix)) { try restore() }
            #expect(try bytes(of: place + suffix) == Data("mine".utf8))
            try FileManager.default.removeItem(atPath: place + suffix)
        }
        #expect(try leftovers().isEmpty)
    }

    @Test func `a damaged byte anywhere in a backup is noticed`() throws {
        let whole = try bytes(of: backup)
        let end = whole.count - BackupSeal.byteCount
        // A step that meets every part of a page.
        for offset in stride(from: 0, to: end, by: 397) {
            var damaged = whole
            damaged[offset] ^= 0x10
            try damaged.write(to: URL(fileURLWithPath: backup))
            #expect(throws: BackupFailure.damaged("it differs from its seal"), "at \(offset)") {
                try restore()
            }
        }
        #expect(try leftovers().isEmpty)
    }

    @Test func `a damaged seal is noticed, or hides nothing`() throws {
        let whole = try bytes(of: backup)
        for offset in (whole.count - BackupSeal.byteCount)..<whole.count {
            var damaged = whole
            damaged[offset] ^= 0x10
            try damaged.write(to: URL(fileURLWithPath: backup))
            do {
                #expect(try restore().contents.accounts == 1)
                try FileManager.default.removeItem(atPath: place)
            } catch {
                #expect(error as? BackupFailure == .damaged("it differs from its seal"))
            }
        }
    }

    @Test func `a backup that was cut off is refused`() throws {
        let whole = try bytes(of: backup)
        let end = whole.count - BackupSeal.byteCount
        for size in Set(stride(from: 0, to: end, by: 1009)).union([1, 99, 100, 4096, end - 1]) {
            try whole.prefix(size).write(to: URL(fileURLWithPath: backup))
            #expect(throws: BackupFailure.self, "at \(size)") { try restore() }
        }
        #expect(try leftovers().isEmpty)
    }

    @Test func `without its seal a backup is taken when it is sound`() throws {
        let whole = try bytes(of: backup)
        try whole.dropLast(BackupSeal.byteCount).write(to: URL(fileURLWithPath: backup))
        #expect(try restore().contents.accounts == 1)
    }

    @Test func `a copy of a database that was closed is taken too`() async throws {
        let restoration = try restore(database.path)
        #expect(restoration.contents.accounts == 1)
        #expect(try leftovers() == ["restored.db"])
    }

    @Test func `a copy of a database whose log lies beside it is refused`() async throws {
        let storage = try database.open()
        _ = try await storage.insert(Sample.session(of: user), keeping: 10)
        let log = database.path + "-wal"
        #expect(throws: BackupFailure.hasLog(path: log)) { try restore(database.path) }
        try storage.close()
    }

    @Test func `damage that SQLite notices is named in a file without a seal`() throws {
        let sealed = try bytes(of: backup)
        var damaged = sealed.dropLast(BackupSeal.byteCount)
        for page in 3..<(damaged.count / 4096) {
            damaged.replaceSubrange(
                page * 4096..<(page + 1) * 4096,
                with: Data(repeating: 0xA5, count: 4096)
            )
        }
        try damaged.write(to: URL(fileURLWithPath: backup))
        #expect(throws: BackupFailure.self) { try restore() }
        #expect(try leftovers().isEmpty)
    }

    @Test(arguments: ["v1", "v2"])
    func `a backup of an older version gets the tables of this one`(version: String) async throws {
        let old = database.folder + "/old.db"
        let queue = try DatabaseQueue(path: old)
        try Schema.migrator.migrate(queue, upTo: version)
        try await queue.write { [user, session] db in
            let names = version == "v1" ? "" : ", name_key"
            try db.execute(
                sql: """
                    INSERT INTO users (id, username, password_hash, disabled, created_at\(names))
                    VALUES (?, 'ada', '$1', 0, 5\(version == "v1" ? "" : ", 'ada'"))
                    """,
                arguments: [user.id.stored]
            )
            try db.execute(
                sql: "INSERT INTO account_names VALUES ('ada', ?)",
                arguments: [user.id.stored]
            )
            try db.execute(
                sql: "INSERT INTO sessions VALUES (?, ?, ?, 1, 1, 1, 99, 99, 0, '', '')",
                arguments: [session.key.stored, session.id.stored, user.id.stored]
            )
        }
        try queue.close()
        // As a backup and as a copy of the file.
        let sealed = database.folder + "/sealed.db"
        _ = try SQLiteStorage.backUp(old, to: sealed, replacing: false)
        for file in [old, sealed] {
            #expect(try restore(file).endedSessions == 1)
            let storage = try SQLiteStorage(path: place, readers: 1)
            let found = try await storage.credentials(of: NameKey(stored: "ada"))
            #expect(found?.user.id == user.id)
            #expect(try await storage.ended(session.key, since: now)?.id == session.id)
            try storage.close()
            try FileManager.default.removeItem(atPath: place)
        }
    }

    @Test func `a backup of a newer version is refused`() throws {
        let queue = try DatabaseQueue(path: database.path)
        try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('v999')") }
        try queue.close()
        let error = #expect(throws: BackupFailure.self) { try restore(database.path) }
        guard case .storage(.unavailable(code: "schema", _)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `an empty file and the database of another program are refused`() throws {
        try Data().write(to: URL(fileURLWithPath: backup))
        #expect(throws: BackupFailure.foreign) { try restore() }
        try FileManager.default.removeItem(atPath: backup)
        try DatabaseQueue(path: backup).write { try $0.execute(sql: "CREATE TABLE t (a)") }
        #expect(throws: BackupFailure.self) { try restore() }
        #expect(try leftovers().isEmpty)
    }

    @Test func `a file with a trigger that is not ours is refused`() throws {
        let queue = try DatabaseQueue(path: database.path)
        try queue.write { db in
            try db.execute(
                sql: "CREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END"
            )
        }
        try queue.close()
        #expect(
            throws: BackupFailure.damaged("it has other tables than this version makes")
        ) { try restore(database.path) }
        #expect(try leftovers().isEmpty)
    }

    @Test func `what is no file is refused without waiting for it`() throws {
        #expect(throws: BackupFailure.noFile(path: database.folder)) {
            try restore(database.folder)
        }
        let pipe = database.folder + "/pipe"
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        #expect(throws: BackupFailure.noFile(path: pipe)) { try restore(pipe) }
        let absent = database.folder + "/absent"
        #expect(throws: BackupFailure.system(path: absent, errno: ENOENT)) { try restore(absent) }
    }
}
