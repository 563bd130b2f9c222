#if SharedEngines
import Accounts
import Foundation
import Sessions
import Storage
import StorageConformance
import Telemetry
import Testing

@testable import SharedStorage

/// Moving everything from a file into PostgreSQL and back.
@Suite(.serialized) final class PostgreSQLMoveTests {
    let folder: String
    let file: SQLiteStorage
    let schema: TestSchema
    let database: PostgreSQLStorage

    init() throws {
        folder = NSTemporaryDirectory() + "coatcheck-move-" + PublicID.random().text
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false
        )
        file = try SQLiteStorage(path: folder + "/one.db")
        schema = try TestSchema()
        database = try schema.open()
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    @Test func `everything is there afterwards, and nobody is logged out`() async throws {
        let (user, session) = try await fill()
        let counts = try await Move(from: file, to: database) { _ in }.run(named: "one")
        #expect(
            counts.map { "\($0.table) \($0.rows)" } == [
                "users 60", "account_names 120", "user_groups 120", "sessions 1",
                "password_links 1", "known_devices 1", "throttle 1", "audit 2",
            ]
        )
        #expect(try await database.find(session.key) == file.find(session.key))
        #expect(try await database.user(user.id) == user)
        #expect(try await database.unfinishedMove() == nil)
        // What counts up goes on after the lines that were moved.
        try await database.append([AuditRecord(at: 2, event: "c")])
        let lines = try await database.auditRecords(matching: AuditFilter(), limit: 9)
        #expect(lines.map(\.event) == ["c", "b", "a"])
    }

    @Test func `what was moved into PostgreSQL can be moved back`() async throws {
        let (user, session) = try await fill()
        let there = try await Move(from: file, to: database) { _ in }.run(named: "one")
        let other = try SQLiteStorage(path: folder + "/other.db")
        let back = try await Move(from: database, to: other) { _ in }.run(named: "two")
        #expect(there.map(\.rows) == back.map(\.rows))
        #expect(try await other.find(session.key) == file.find(session.key))
        #expect(try await other.user(user.id) == user)
    }

    @Test func `a database that has accounts is not moved into`() async throws {
        _ = try await fill()
        try await database.insert(Sample.account(Sample.user("somebody")))
        await #expect(throws: Move.Failure.notEmpty) {
            _ = try await Move(from: self.file, to: self.database) { _ in }.run(named: "one")
        }
    }

    /// Fills the file with something in every table.
    private func fill() async throws -> (User, Session) {
        var users: [User] = []
        for number in 0..<60 {
            let user = Sample.user(
                "user\(number)",
                email: "\(number)@example.org",
                groups: ["a", "b"]
            )
            try await file.insert(Sample.account(user))
            users.append(user)
        }
        let user = users[7]
        let session = Sample.session(of: user)
        _ = try await file.insert(session, keeping: 10)
        let link = PasswordLink(
            digest: Sample.key(),
            userID: user.id,
            expiresAt: Sample.start
        )
        try await file.insertLink(link)
        let device = KnownDevice(key: Sample.key(), userID: user.id, usedAt: Sample.start)
        try await file.remember(device, keeping: 5)
        let key = try #require(ThrottleKey(scope: 1, bytes: [UInt8](repeating: 7, count: 16)))
        try await file.write([ThrottleEntry(key: key, failures: 2, lastTryAt: Sample.start)])
        try await file.append([
            AuditRecord(at: 1, event: "a"), AuditRecord(at: 2, event: "b", user: "'ü"),
        ])
        return (user, session)
    }
}
#endif
