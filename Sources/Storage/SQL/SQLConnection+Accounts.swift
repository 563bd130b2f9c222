internal import Accounts
internal import Sessions

/// The pieces that several operations on accounts are made of.
extension SQLConnection {
    /// The columns that `User.init(_:)` reads, of the table `users` named `u`.
    static var userColumns: String {
        """
        u.id, u.username, u.email, \(dialect.joinedGroups), u.disabled, u.created_at, u.edit_version
        """
    }

    /// Looks an account up by its id.
    func user(_ id: PublicID) throws -> User? {
        try first("SELECT \(Self.userColumns) FROM users u WHERE u.id = ?", [.id(id)]) { row in
            try User(row)
        }
    }

    /// Writes the rows of a new account.
    ///
    /// - Throws: an error that means `duplicate` when its id or a name is taken.
    func add(_ account: NewAccount) throws {
        let user = account.user
        try run(
            """
            INSERT INTO users (id, username, email, password_hash, disabled, created_at,
                name_key, email_key, credential_version, edit_version)
            VALUES (?, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), ?, ?,
                CAST(? AS TEXT), CAST(? AS TEXT), 1, 1)
            """,
            [
                .id(user.id), .text(user.username), .text(user.email),
                .text(account.passwordHash.text), .flag(user.isDisabled), .time(user.createdAt),
                .text(account.nameKey.text), .text(account.emailKey?.text),
            ]
        )
        for key in account.keys {
            try run(
                "INSERT INTO account_names (key, user_id) VALUES (CAST(? AS TEXT), ?)",
                [.text(key.text), .id(user.id)]
            )
        }
        try addGroups(Set(user.groups), of: user.id)
        if let link = account.link { try add(link) }
    }

    /// Keeps the digest of a link, in the place of any that the account has.
    func add(_ link: PasswordLink) throws {
        try removeLinks(of: link.userID)
        try run(
            "INSERT INTO password_links (key, user_id, expires_at) VALUES (?, ?, ?)",
            [.key(link.digest), .id(link.userID), .time(link.expiresAt)]
        )
    }

    /// Takes away the links of an account.
    func removeLinks(of id: PublicID) throws {
        try run("DELETE FROM password_links WHERE user_id = ?", [.id(id)])
    }

    /// Makes somebody belong to groups.
    func addGroups(_ names: Set<String>, of id: PublicID) throws {
        for name in names {
            try run(
                "INSERT INTO user_groups (user_id, name) VALUES (?, CAST(? AS TEXT))",
                [.id(id), .text(name)]
            )
        }
    }

    /// Writes a new password: moves its number, ends the sessions and takes away the links and the
    /// known devices, which may be those of somebody who knew the old one.
    ///
    /// - Throws: `unknownUser` when there is no such account.
    func write(_ new: PasswordHash, of id: PublicID, at now: Timestamp) throws -> AccountChange {
        guard let user = try user(id) else { throw StorageError.unknownUser }
        try run(
            """
            UPDATE users SET password_hash = CAST(? AS TEXT),
                credential_version = credential_version + 1 WHERE id = ?
            """,
            [.text(new.text), .id(id)]
        )
        try removeLinks(of: id)
        try run("DELETE FROM known_devices WHERE user_id = ?", [.id(id)])
        let ended = try endAll(of: id, at: now)
        try announce(.user(id))
        return AccountChange(before: user, user: user, ended: ended)
    }

    /// Looks whether the session on whose behalf a change is made may still ask for it.
    ///
    /// Where the sessions are elsewhere, only the user is looked at.
    ///
    /// - Throws: `mandateEnded` when it may not.
    func require(_ mandate: Mandate?) throws {
        guard let mandate else { return }
        let isMet = try first(
            """
            SELECT 1 FROM users u WHERE u.id = ?1 AND u.disabled = 0
                AND (?2 = 0 OR EXISTS (
                    SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.id = ?3
                ))
                AND (?4 = 0 OR EXISTS (
                    SELECT 1 FROM user_groups g WHERE g.user_id = u.id AND g.name = 'admin'
                ))
            """,
            [
                .id(mandate.user), .flag(hasSessions), .id(mandate.session),
                .flag(mandate.isAdministrative),
            ]
        ) { _ in true }
        guard isMet != nil else { throw StorageError.mandateEnded }
    }

    /// Refuses to take the last administrator away who can log in.
    ///
    /// It counts in the transaction of the change, so of two who leave at once one stays. Somebody
    /// who waits for a link does not count.
    ///
    /// - Throws: `lastAdministrator` when `user` is one and nobody else is.
    func refuseLastAdministrator(_ user: User) throws {
        guard user.principal.isAdministrator, !user.isDisabled else { return }
        let another = try first(
            """
            SELECT 1 FROM user_groups g CROSS JOIN users u
            WHERE u.id = g.user_id AND g.name = 'admin' AND u.disabled = 0 AND u.id <> ?
                AND u.password_hash <> CAST(? AS TEXT)
            LIMIT 1
            """,
            [.id(user.id), .text(PasswordHash.none.text)]
        ) { _ in true }
        guard another != nil else { throw StorageError.lastAdministrator }
    }
}

extension User {
    /// Reads the columns of `userColumns`.
    init(_ row: some SQLRow) throws {
        self.init(
            id: try row.publicID(at: 0),
            username: try row.text(at: 1),
            email: try row.optionalText(at: 2),
            groups: try row.groups(at: 3),
            isDisabled: try row.integer(at: 4) == 1,
            createdAt: try row.time(at: 5),
            editVersion: try row.integer(at: 6)
        )
    }
}
