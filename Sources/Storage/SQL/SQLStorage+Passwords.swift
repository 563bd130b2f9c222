package import Accounts
package import Sessions

extension SQLStorage {
    /// Writes a hash of the same password over the one that was read.
    package func replacePasswordHash(
        of id: PublicID,
        from old: PasswordHash,
        to new: PasswordHash
    ) async throws(StorageError) -> Bool {
        try await write(to: .account(id)) { db in
            try db.change(
                """
                UPDATE users SET password_hash = CAST(? AS TEXT)
                WHERE id = ? AND password_hash = CAST(? AS TEXT)
                """,
                [.text(new.text), .id(id), .text(old.text)]
            ) == 1
        }
    }

    /// Changes the password from within a session, which goes on under a new key.
    ///
    /// The stored hash and the session are looked at in the transaction of the change. Where the
    /// sessions are elsewhere, whoever calls sees to them.
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
        do throws(StorageError) {
            return try await write(to: .account(id)) { db in
                let isMet = try db.first(
                    """
                    SELECT 1 FROM users u
                    WHERE u.id = ?1 AND u.disabled = 0 AND u.password_hash = CAST(?2 AS TEXT)
                        AND (?3 = 0 OR EXISTS (
                            SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.key = ?4
                        ))
                    """,
                    [.id(id), .text(old.text), .flag(db.hasSessions), .key(key)]
                ) { _ in true }
                guard isMet != nil else { return nil }
                let change = try db.write(new, of: id, at: now)
                guard db.hasSessions else { return change }
                // Another transaction may have ended it since it was looked at; nothing is kept
                // then.
                guard change.ended.contains(where: { $0.key == key }) else {
                    throw StorageError.mandateEnded
                }
                try db.add(session)
                return change
            }
        } catch {
            guard error == .mandateEnded else { throw error }
            return nil
        }
    }

    /// Sets a password without the old one.
    package func setPassword(
        _ new: PasswordHash,
        of id: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        try await write(to: .account(id)) { db in try db.write(new, of: id, at: now) }
    }

    /// Sets a password by a link, which is used up by it.
    package func setPassword(
        _ new: PasswordHash,
        byLink digest: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange? {
        guard let user = try await user(ofLink: digest, at: now) else { return nil }
        return try await write(to: .account(user.id)) { db in
            guard try db.user(ofLink: digest, at: now)?.id == user.id else { return nil }
            // It takes away all links of the account, this one among them.
            return try db.write(new, of: user.id, at: now)
        }
    }

    /// Keeps the digest of a link.
    package func insertLink(
        _ link: PasswordLink,
        by mandate: Mandate?
    ) async throws(StorageError) {
        try await write(to: .account(link.userID)) { db in
            try db.require(mandate)
            try db.add(link)
        }
    }

    /// Returns the account for which a link works.
    package func user(
        ofLink digest: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> User? {
        try await read(for: .other) { db in try db.user(ofLink: digest, at: now) }
    }

    /// Removes links whose time has passed.
    package func removeExpiredLinks(at now: Timestamp) async throws(StorageError) {
        try await write(to: .rows) { db in
            try db.run("DELETE FROM password_links WHERE expires_at <= ?", [.time(now)])
        }
    }
}

extension SQLConnection {
    /// The account for which a link works.
    fileprivate func user(ofLink digest: TokenDigest, at now: Timestamp) throws -> User? {
        try first(
            """
            SELECT \(Self.userColumns) FROM password_links l JOIN users u ON u.id = l.user_id
            WHERE l.key = ? AND l.expires_at > ? AND u.disabled = 0
            """,
            [.key(digest), .time(now)]
        ) { row in try User(row) }
    }
}
