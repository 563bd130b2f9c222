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

    /// Makes a database as the first version did.
    private func makeFirstVersion(_ fill: @Sendable (Database) throws -> Void) async throws {
        let queue = try DatabaseQueue(path: database.path)
        try Schema.migrator.migrate(queue, upTo: "v1")
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
