package import Accounts
internal import Foundation
internal import GRDB
package import Sessions

extension SQLiteStorage: AccountStorage {
    package func insert(_ account: NewAccount) async throws(StorageError) {
        try await commits.perform { db in
            let user = account.user
            let statement = try db.cachedStatement(
                sql: """
                    INSERT INTO users (id, username, email, password_hash, disabled, created_at)
                    VALUES (?, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), ?, ?)
                    """
            )
            try statement.execute(arguments: [
                user.id.stored, user.username.stored, user.email?.stored,
                account.passwordHash.phc.stored, user.isDisabled, user.createdAt.seconds,
            ])
            let names = try db.cachedStatement(
                sql: "INSERT INTO account_names (key, user_id) VALUES (CAST(? AS TEXT), ?)"
            )
            for key in Set(account.keys) {
                try names.execute(arguments: [key.text.stored, user.id.stored])
            }
            let groups = try db.cachedStatement(
                sql: "INSERT INTO user_groups (user_id, name) VALUES (?, CAST(? AS TEXT))"
            )
            for group in Set(user.groups) {
                try groups.execute(arguments: [user.id.stored, group.stored])
            }
        }
    }

    package func credentials(of name: NameKey) async throws(StorageError) -> Credentials? {
        try look(
            """
            SELECT \(Self.userColumns), u.password_hash
            FROM account_names n JOIN users u ON u.id = n.user_id WHERE n.key = CAST(? AS TEXT)
            """,
            for: name.text.stored
        ) { row in
            let hash = PasswordHash(phc: try row.text(at: 6))
            return Credentials(user: try User(row), passwordHash: hash)
        }
    }

    package func user(_ id: PublicID) async throws(StorageError) -> User? {
        try look("SELECT \(Self.userColumns) FROM users u WHERE u.id = ?", for: id.stored) { row in
            try User(row)
        }
    }

    package func replacePasswordHash(
        of id: PublicID,
        from old: PasswordHash,
        to new: PasswordHash
    ) async throws(StorageError) -> Bool {
        try await commits.perform { db in
            let statement = try db.cachedStatement(
                sql: """
                    UPDATE users SET password_hash = CAST(? AS TEXT)
                    WHERE id = ? AND password_hash = CAST(? AS TEXT)
                    """
            )
            try statement.execute(arguments: [new.phc.stored, id.stored, old.phc.stored])
            return db.changesCount == 1
        }
    }

    /// The columns that `User.init(_:)` reads, of the table `users` named `u`.
    private static let userColumns =
        "u.id, u.username, u.email, \(joinedGroups), u.disabled, u.created_at"

    /// Reads at most one row on the calling thread.
    private func look<Value>(
        _ sql: String,
        for key: Data,
        _ decode: (Row) throws -> Value
    ) throws(StorageError) -> Value? {
        do {
            return try readers.read { db in
                try db.cachedStatement(sql: sql).first([key], decode)
            }
        } catch {
            throw StorageError(error)
        }
    }
}

extension User {
    /// Reads the columns id, username, email, joined groups, disabled and creation.
    fileprivate init(_ row: Row) throws {
        self.init(
            id: try row.publicID(at: 0),
            username: try row.text(at: 1),
            email: try row.optionalText(at: 2),
            groups: try row.groups(at: 3),
            isDisabled: try row.integer(at: 4) == 1,
            createdAt: Timestamp(seconds: try row.integer(at: 5))
        )
    }
}
