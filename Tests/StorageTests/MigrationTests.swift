import Accounts
import Foundation
import GRDB
import Sessions
import StorageConformance
import Testing

@testable import Storage

/// What a database of an older version becomes.
@Suite struct MigrationTests {
    let database: TemporaryDatabase

    init() throws { database = try TemporaryDatabase() }

    @Test func `accounts and sessions of the first version go on`() async throws {
        let id = PublicID.random()
        let session = Sample.session(of: id)
        try await makeFirstVersion { db in
            try insert(
                db,
                id,
                "Zo\u{EB}",
                "Zoe@Example.org",
                keys: ["zo\u{EB}", "zoe@example.org"]
            )
            try insert(db, .random(), "ada", nil, keys: ["ada"])
            try db.execute(
                sql: "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
                arguments: [
                    session.key.stored, session.id.stored, id.stored, session.createdAt.seconds,
                    session.authenticatedAt.seconds, session.lastSeenAt.seconds,
                    session.expiresAt.seconds, session.idleLimit, session.clientAddress,
                    session.userAgent,
                ]
            )
        }
        let storage = try database.open()
        #expect(try await storage.find(session.key)?.session == session)
        let found = try await storage.credentials(of: NameKey(stored: "zo\u{EB}"))
        #expect(found?.user.id == id)
        #expect(found?.credentialVersion == 1)
        #expect(found?.user.editVersion == 1)
        let page = try await storage.users(matching: "", after: nil, limit: 1)
        #expect(page.users.map(\.username) == ["ada"])
        #expect(page.cursor == NameKey(stored: "ada"))
        for text in ["zo\u{EB}", "example"] {
            let match = try await storage.users(matching: text, after: nil, limit: 9)
            #expect(match.users.map(\.id) == [id])
        }
        // The first password is version 1.
        _ = try await storage.insert(Sample.session(of: id), keeping: 9)
        try storage.close()
    }

    @Test func `a name that is none by today's rules keeps no database closed`() async throws {
        let ids = (0..<3).map { _ in PublicID.random() }
        try await makeFirstVersion { db in
            try insert(db, ids[0], "a b", nil, keys: ["b", "a"])
            try insert(db, ids[1], "a b", nil, keys: [])
            try insert(db, ids[2], "other", nil, keys: ["c"])
        }
        let storage = try database.open()
        let page = try await storage.users(matching: "", after: nil, limit: 9)
        #expect(Set(page.users.map(\.id)) == Set(ids))
        let rest = try await storage.users(matching: "", after: NameKey(stored: "a"), limit: 9)
        #expect(rest.users.map(\.id) == [ids[2]])
        try storage.close()
    }

    @Test func `sessions of the second version go on, live and ended`() async throws {
        let users = [PublicID.random(), .random()]
        let live = (0..<40).map { Sample.session(of: users[$0 % 2], at: Int64($0)) }
        let ended = Sample.session(of: users[0])
        try await makeVersion("v2") { db in
            for (number, user) in users.enumerated() {
                try db.execute(
                    sql: "INSERT INTO users VALUES (?, ?, NULL, '$1', 0, 0, ?, NULL, 1, 1)",
                    arguments: [user.stored, "user\(number)", "user\(number)"]
                )
            }
            for session in live {
                try db.execute(
                    sql: "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
                    arguments: [
                        session.key.stored, session.id.stored, session.userID.stored,
                        session.createdAt.seconds, session.authenticatedAt.seconds,
                        session.lastSeenAt.seconds, session.expiresAt.seconds, session.idleLimit,
                        session.clientAddress, session.userAgent,
                    ]
                )
            }
            try db.execute(
                sql: "INSERT INTO ended_sessions VALUES (?, ?, ?, 5)",
                arguments: [ended.key.stored, ended.id.stored, ended.userID.stored]
            )
        }
        let storage = try database.open()
        for session in live {
            #expect(try await storage.find(session.key)?.session == session)
            #expect(try await storage.owner(ofSession: session.id) == session.userID)
        }
        #expect(try await storage.sessionCount() == live.count)
        #expect(try await storage.ended(ended.key) == EndedSession(ended))
        let end = try await storage.remove(live[0].id, of: users[0], at: Sample.start)
        #expect(end == EndedSession(live[0]))
        await #expect(throws: StorageError.duplicate) {
            try await storage.insert(Sample.session(of: users[0], id: live[2].id), keeping: 99)
        }
        // Deleting an account still takes its sessions along, whoever does it.
        try await storage.writer.write { db in
            try db.execute(sql: "DELETE FROM users WHERE id = ?", arguments: [users[1].stored])
        }
        #expect(try await storage.sessionCount() == live.count / 2 - 1)
        try storage.close()
    }

    /// Makes a database as the first version did.
    private func makeFirstVersion(_ fill: @Sendable (Database) throws -> Void) async throws {
        try await makeVersion("v1", fill)
    }

    /// Makes a database as a version did.
    private func makeVersion(
        _ version: String,
        _ fill: @Sendable (Database) throws -> Void
    ) async throws {
        let queue = try DatabaseQueue(path: database.path)
        try Schema.migrator.migrate(queue, upTo: version)
        try await queue.write { try fill($0) }
        try queue.close()
    }

    private func insert(
        _ db: Database,
        _ id: PublicID,
        _ name: String,
        _ email: String?,
        keys: [String]
    ) throws {
        try db.execute(
            sql: "INSERT INTO users VALUES (?, ?, ?, '$1', 0, 1700000000)",
            arguments: [id.stored, name, email]
        )
        for key in keys {
            try db.execute(
                sql: "INSERT INTO account_names VALUES (?, ?)",
                arguments: [key, id.stored]
            )
        }
    }
}
