import Accounts
import Foundation
import GRDB
import Sessions
import StorageConformance
import Testing

@testable import Storage

/// What a backup holds, and what is left where none was made.
@Suite struct BackupTests {
    let database: TemporaryDatabase
    let storage: SQLiteStorage
    let user = Sample.user()
    let session: Session
    var target: String { database.folder + "/backup.db" }

    init() async throws {
        database = try TemporaryDatabase()
        storage = try database.open()
        session = Sample.session(of: user)
        try await storage.insert(Sample.account(user))
        _ = try await storage.insert(session, keeping: 10)
    }

    @discardableResult
    private func backUp(replacing: Bool = false) throws(BackupFailure) -> BackupContents {
        try SQLiteStorage.backUp(database.path, to: target, replacing: replacing)
    }

    private func files() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: database.folder))
    }

    @Test func `it is a database with all that was acknowledged, for its owner only`()
        async throws
    {
        let before = umask(0)
        defer { umask(before) }
        let contents = try backUp()
        #expect(contents.accounts == 1 && contents.sessions == 1 && contents.auditLines == 0)
        #expect(
            try files() == ["coatcheck.db", "coatcheck.db-wal", "coatcheck.db-shm", "backup.db"]
        )
        let attributes = try FileManager.default.attributesOfItem(atPath: target)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let copy = try SQLiteStorage(path: target, readers: 1)
        #expect(try await copy.find(session.key)?.session == session)
        #expect(try await copy.user(user.id) == user)
        try copy.close()
    }

    @Test func `writers go on while it is made, and nothing of one write is missing`() async throws
    {
        for _ in 0..<300 { try await add() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<100 { try await add() } }
            }
            for number in 0..<5 {
                let place = target + "\(number)"
                let acknowledged = try await storage.sessionCount()
                let contents = try SQLiteStorage.backUp(database.path, to: place, replacing: false)
                #expect(contents.sessions >= acknowledged)
                // Each account was made together with its session.
                #expect(contents.accounts == contents.sessions)
            }
            try await group.waitForAll()
        }
    }

    private func add() async throws {
        let user = Sample.user(PublicID.random().text)
        let session = Sample.session(of: user)
        try await storage.insert(Sample.account(user), beginning: session, by: nil)
    }

    @Test func `a file that is there is replaced only when that is asked for`() throws {
        try Data("mine".utf8).write(to: URL(fileURLWithPath: target))
        #expect(throws: BackupFailure.exists(path: target)) { try backUp() }
        #expect(try Data(contentsOf: URL(fileURLWithPath: target)) == Data("mine".utf8))
        try backUp(replacing: true)
        #expect(try backUp(replacing: true).accounts == 1)
        #expect(try !files().contains("backup.db.partial"))
    }

    @Test func `the database and its log are never replaced by a backup`() throws {
        let link = database.folder + "/link"
        try FileManager.default.createSymbolicLink(
            atPath: link,
            withDestinationPath: database.folder
        )
        for suffix in ["", "-wal", "-shm", "-journal"] {
            for folder in [database.folder, link, database.folder + "/."] {
                let place = "\(folder)/coatcheck.db\(suffix)"
                #expect(throws: BackupFailure.isDatabase(path: place)) {
                    try SQLiteStorage.backUp(database.path, to: place, replacing: true)
                }
            }
        }
        let other = database.folder + "/other"
        try FileManager.default.linkItem(atPath: database.path, toPath: other)
        #expect(throws: BackupFailure.isDatabase(path: other)) {
            try SQLiteStorage.backUp(database.path, to: other, replacing: true)
        }
    }

    @Test func `what is no file is never replaced`() throws {
        try FileManager.default.createDirectory(
            atPath: target,
            withIntermediateDirectories: false
        )
        #expect(throws: BackupFailure.noFile(path: target)) { try backUp(replacing: true) }
    }

    @Test func `without a database or a folder nothing is made`() throws {
        let absent = database.folder + "/absent/backup.db"
        #expect(throws: BackupFailure.system(path: absent + ".partial", errno: ENOENT)) {
            try SQLiteStorage.backUp(database.path, to: absent, replacing: false)
        }
        #expect(throws: BackupFailure.noDatabase) {
            try SQLiteStorage.backUp(absent, to: target, replacing: false)
        }
        #expect(try !files().contains("backup.db"))
    }

    @Test func `what a killed run has left is removed, and a running one is left alone`() throws {
        let left = target + ".partial"
        for suffix in ["", "-journal"] {
            try Data("half".utf8).write(to: URL(fileURLWithPath: left + suffix))
        }
        let lock = unsafe open(left, O_RDWR)
        defer { close(lock) }
        #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
        #expect(throws: BackupFailure.busy(path: left)) { try backUp() }
        #expect(try Data(contentsOf: URL(fileURLWithPath: left)) == Data("half".utf8))
        #expect(flock(lock, LOCK_UN) == 0)
        #expect(try backUp().accounts == 1)
        #expect(try !files().contains { $0.hasPrefix("backup.db.") })
    }

    @Test func `a run that is killed between its two names leaves the backup whole`() throws {
        try backUp()
        let whole = try Data(contentsOf: URL(fileURLWithPath: target))
        // As link(2) leaves them before unlink(2).
        try FileManager.default.linkItem(atPath: target, toPath: target + ".partial")
        #expect(throws: BackupFailure.exists(path: target)) { try backUp() }
        try backUp(replacing: true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: target)).count == whole.count)
        #expect(try !files().contains("backup.db.partial"))
    }

    @Test func `a damaged database takes no good backup away`() async throws {
        for _ in 0..<200 { try await add() }
        try backUp()
        let good = try Data(contentsOf: URL(fileURLWithPath: target))
        try storage.close()
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: database.path)[.size] as? Int
        )
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: database.path))
        for page in 20..<(size / 4096) {
            try file.seek(toOffset: UInt64(page * 4096))
            try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        }
        try file.close()
        let error = #expect(throws: BackupFailure.self) { try backUp(replacing: true) }
        let isNamed =
            switch error {
            case .storage(.unavailable(code: "corrupt", _)), .damaged: true
            default: false
            }
        #expect(isNamed, "\(String(describing: error))")
        #expect(try Data(contentsOf: URL(fileURLWithPath: target)) == good)
        #expect(try !files().contains("backup.db.partial"))
    }

    @Test func `rows that were deleted are not in it`() async throws {
        let mark = "secret-\(PublicID.random().text)"
        let account = Sample.account(Sample.user("gone"), hash: mark)
        try await storage.insert(account)
        try await storage.writer.write { db in
            try db.execute(sql: "PRAGMA secure_delete = OFF")
            try db.execute(
                sql: "DELETE FROM users WHERE id = ?",
                arguments: [account.user.id.stored]
            )
        }
        try backUp()
        let text = try Data(contentsOf: URL(fileURLWithPath: target))
        #expect(text.range(of: Data(mark.utf8)) == nil)
    }
}
