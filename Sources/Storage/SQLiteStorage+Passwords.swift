package import Accounts
internal import GRDB
package import Sessions

extension SQLiteStorage {
    /// Writes a hash of the same password over the one that was read.
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
            try statement.execute(arguments: [new.text.stored, id.stored, old.text.stored])
            return db.changesCount == 1
        }
    }

    /// Changes the password from within a session, which goes on under a new key.
    ///
    /// The stored hash and the session are looked at in the transaction of the change.
    package func changePassword(
        of id: PublicID,
        from old: PasswordHash,
        to new: PasswordHash,
        replacing key: TokenDigest,
        with session: Session,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange? {
        guard session.userID == id else { throw .unknownUser }
        guard session.key != key else { throw .duplicate }
        return try await commits.perform { db in
            let condition = try db.cachedStatement(
                sql: """
                    SELECT 1 FROM users u JOIN sessions s ON s.user_id = u.id
                    WHERE u.id = ? AND u.disabled = 0 AND u.password_hash = CAST(? AS TEXT)
                        AND s.key = ?
                    """
            )
            let isMet = try condition.first([id.stored, old.text.stored, key.stored]) { _ in true }
            guard isMet != nil else { return nil }
            let change = try Self.write(new, of: id, at: now, in: db)
            try Self.add(session, to: db)
            return change
        }
    }

    /// Sets a password without the old one.
    package func setPassword(
        _ new: PasswordHash,
        of id: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        try await commits.perform { db in try Self.write(new, of: id, at: now, in: db) }
    }

    /// Sets a password by a link, which is used up by it.
    package func setPassword(
        _ new: PasswordHash,
        byLink digest: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange? {
        try await commits.perform { db in
            guard let user = try Self.user(ofLink: digest, at: now, in: db) else { return nil }
            // It takes away all links of the account, this one among them.
            return try Self.write(new, of: user.id, at: now, in: db)
        }
    }

    /// Keeps the digest of a link.
    package func insertLink(
        _ link: PasswordLink,
        by mandate: Mandate?
    ) async throws(StorageError) {
        try await commits.perform { db in
            try Self.require(mandate, in: db)
            try Self.add(link, to: db)
        }
    }

    /// Returns the account for which a link works.
    package func user(
        ofLink digest: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> User? {
        try read { db in try Self.user(ofLink: digest, at: now, in: db) }
    }

    /// Removes links whose time has passed.
    package func removeExpiredLinks(at now: Timestamp) async throws(StorageError) {
        try await commits.perform { db in
            try db.cachedStatement(sql: "DELETE FROM password_links WHERE expires_at <= ?")
                .execute(arguments: [now.seconds])
        }
    }

    /// The account for which a link works.
    private static func user(
        ofLink digest: TokenDigest,
        at now: Timestamp,
        in db: Database
    ) throws -> User? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(userColumns) FROM password_links l JOIN users u ON u.id = l.user_id
                WHERE l.key = ? AND l.expires_at > ? AND u.disabled = 0
                """
        )
        return try statement.first([digest.stored, now.seconds], User.init)
    }
}
