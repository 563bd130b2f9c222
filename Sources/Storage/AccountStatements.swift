internal import Accounts
internal import Foundation
internal import GRDB
internal import Sessions

/// The pieces that several operations on accounts are made of.
extension SQLiteStorage {
    /// The columns that `User.init(_:)` reads, of the table `users` named `u`.
    static let userColumns = """
        u.id, u.username, u.email, \(joinedGroups), u.disabled, u.created_at, u.edit_version
        """

    /// Looks an account up by its id.
    static func user(_ id: PublicID, in db: Database) throws -> User? {
        let sql = "SELECT \(userColumns) FROM users u WHERE u.id = ?"
        return try db.cachedStatement(sql: sql).first([id.stored], User.init)
    }

    /// Writes the rows of a new account.
    ///
    /// - Throws: an error of SQLite that means `duplicate` when its id or a name is taken.
    static func add(_ account: NewAccount, to db: Database) throws {
        let user = account.user
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO users (id, username, email, password_hash, disabled, created_at,
                    name_key, email_key, credential_version, edit_version)
                VALUES (?, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), ?, ?,
                    CAST(? AS TEXT), CAST(? AS TEXT), 1, 1)
                """
        )
        try statement.execute(arguments: [
            user.id.stored, user.username.stored, user.email?.stored,
            account.passwordHash.text.stored, user.isDisabled, user.createdAt.seconds,
            account.nameKey.text.stored, account.emailKey?.text.stored,
        ])
        let names = try db.cachedStatement(
            sql: "INSERT INTO account_names (key, user_id) VALUES (CAST(? AS TEXT), ?)"
        )
        for key in account.keys {
            try names.execute(arguments: [key.text.stored, user.id.stored])
        }
        try addGroups(Set(user.groups), of: user.id, to: db)
        if let link = account.link { try add(link, to: db) }
    }

    /// Keeps the digest of a link, in the place of any that the account has.
    static func add(_ link: PasswordLink, to db: Database) throws {
        try removeLinks(of: link.userID, in: db)
        try db.cachedStatement(
            sql: "INSERT INTO password_links (key, user_id, expires_at) VALUES (?, ?, ?)"
        ).execute(arguments: [
            link.digest.stored, link.userID.stored, link.expiresAt.seconds,
        ])
    }

    /// Takes away the links of an account.
    static func removeLinks(of id: PublicID, in db: Database) throws {
        try db.cachedStatement(sql: "DELETE FROM password_links WHERE user_id = ?")
            .execute(arguments: [id.stored])
    }

    /// Makes somebody belong to groups.
    static func addGroups(_ names: Set<String>, of id: PublicID, to db: Database) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO user_groups (user_id, name) VALUES (?, CAST(? AS TEXT))"
        )
        for name in names {
            try statement.execute(arguments: [id.stored, name.stored])
        }
    }

    /// Writes a new password: moves its number, ends the sessions and takes away the links and the
    /// known devices, which may be those of somebody who knew the old one.
    ///
    /// - Throws: `unknownUser` when there is no such account.
    static func write(
        _ new: PasswordHash,
        of id: PublicID,
        at now: Timestamp,
        in db: Database
    ) throws -> AccountChange {
        guard let user = try user(id, in: db) else { throw StorageError.unknownUser }
        try db.cachedStatement(
            sql: """
                UPDATE users SET password_hash = CAST(? AS TEXT),
                    credential_version = credential_version + 1 WHERE id = ?
                """
        ).execute(arguments: [new.text.stored, id.stored])
        try removeLinks(of: id, in: db)
        try db.cachedStatement(sql: "DELETE FROM known_devices WHERE user_id = ?")
            .execute(arguments: [id.stored])
        let ended = try endAll(of: id, at: now, in: db)
        return AccountChange(before: user, user: user, ended: ended)
    }

    /// Looks whether the session on whose behalf a change is made may still ask for it.
    ///
    /// - Throws: `mandateEnded` when it may not.
    static func require(_ mandate: Mandate?, in db: Database) throws {
        guard let mandate else { return }
        let statement = try db.cachedStatement(
            sql: """
                SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id
                WHERE s.user_id = ? AND s.id = ? AND u.disabled = 0 AND (? OR EXISTS (
                    SELECT 1 FROM user_groups WHERE user_id = u.id AND name = 'admin'
                ))
                """
        )
        let isAnybody = !mandate.isAdministrative
        let values: Statement.Values = [mandate.user.stored, mandate.session.stored, isAnybody]
        guard try statement.first(values, { _ in true }) != nil else {
            throw StorageError.mandateEnded
        }
    }

    /// Refuses to take the last administrator away who can log in.
    ///
    /// It counts in the transaction of the change, so of two who leave at once one stays. Somebody
    /// who waits for a link does not count.
    ///
    /// - Throws: `lastAdministrator` when `user` is one and nobody else is.
    static func refuseLastAdministrator(_ user: User, in db: Database) throws {
        guard user.principal.isAdministrator, !user.isDisabled else { return }
        let others = try db.cachedStatement(
            sql: """
                SELECT 1 FROM user_groups g CROSS JOIN users u ON u.id = g.user_id
                WHERE g.name = 'admin' AND u.disabled = 0 AND u.id <> ?
                    AND u.password_hash <> CAST(? AS TEXT)
                LIMIT 1
                """
        )
        let none = PasswordHash.none.text.stored
        guard try others.first([user.id.stored, none], { _ in true }) != nil else {
            throw StorageError.lastAdministrator
        }
    }
}

extension User {
    /// Reads the columns of `userColumns`.
    init(_ row: Columns) throws {
        self.init(
            id: try row.publicID(at: 0),
            username: try row.text(at: 1),
            email: try row.optionalText(at: 2),
            groups: try row.groups(at: 3),
            isDisabled: try row.integer(at: 4) == 1,
            createdAt: Timestamp(seconds: try row.integer(at: 5)),
            editVersion: try row.integer(at: 6)
        )
    }
}
