package import Sessions

extension Accounts {
    /// Reads a page of accounts of which a name contains a text, in the order of their names.
    package func users(
        matching text: String,
        after cursor: NameKey?,
        limit: Int
    ) async throws(StorageError) -> UserPage {
        let folded = CompatibilityForm.folded(text)
        return try await storage.users(matching: folded, after: cursor, limit: limit)
    }

    /// Finds an account by what somebody typed: its public id, or one of its names.
    ///
    /// The id goes first. Anybody may sign up under the text of somebody else's id, which is no
    /// secret, and must not be taken for them by an operator who read it in the log.
    package func find(_ text: String) async throws(StorageError) -> User? {
        if let id = PublicID(text: text), let user = try await storage.user(id) { return user }
        guard let name = try? AccountName(text) else { return nil }
        return try await storage.credentials(of: name.key)?.user
    }

    /// Makes an account for somebody else.
    ///
    /// Without a password nobody can log in until one is set by a link.
    package func create(
        username: String?,
        email: String?,
        groups: [GroupName],
        password: String? = nil
    ) async throws(SignUpError) -> User {
        try await make(username, email, groups, password: password.map { Password($0) })
    }

    /// Makes an account for somebody else, and the link by which its owner sets a password: both
    /// or neither.
    ///
    /// Until then nobody can log in.
    package func createWithLink(
        username: String?,
        email: String?,
        groups: [GroupName],
        by mandate: Mandate? = nil
    ) async throws(SignUpError) -> (user: User, secret: Ticket) {
        let secret = Ticket.random()
        let user = try await make(username, email, groups, link: secret, by: mandate)
        return (user, secret)
    }

    private func make(
        _ username: String?,
        _ email: String?,
        _ groups: [GroupName],
        password: Password? = nil,
        link secret: Ticket? = nil,
        by mandate: Mandate? = nil
    ) async throws(SignUpError) -> User {
        let application = Application(username: username, email: email)
        let name = try judged(application, password)
        try await refuseTaken(application.names)
        var hash = PasswordHash.none
        if let password { hash = try await hashed(password) }
        var account = application.account(
            named: name,
            groups: groups.map(\.text).sorted(),
            hash,
            at: now()
        )
        if let secret { account.link = link(secret, for: account.user.id) }
        try await insert(account, by: mandate)
        return account.user
    }

    /// Changes an account.
    ///
    /// - Returns: the change; the caller lets the cache forget the user before it answers.
    /// - Throws: `.unknownUser`, `.conflict` when the version is not the stored one,
    ///   `.lastAdministrator`, `.mandateEnded`.
    package func edit(
        _ id: PublicID,
        _ edit: UserEdit,
        ifVersion version: Int64? = nil,
        force: Bool = false,
        by mandate: Mandate? = nil
    ) async throws(StorageError) -> AccountChange {
        try await storage.edit(
            id,
            edit,
            ifVersion: version,
            force: force,
            by: mandate,
            at: now()
        )
    }

    /// Deletes an account and everything that belongs to it.
    ///
    /// - Returns: the change; the caller lets the cache forget the user before it answers.
    /// - Throws: `.unknownUser`, `.lastAdministrator`, `.mandateEnded`.
    package func delete(
        _ id: PublicID,
        force: Bool = false,
        by mandate: Mandate? = nil
    ) async throws(StorageError) -> AccountChange {
        try await storage.delete(id, force: force, by: mandate, at: now())
    }
}
