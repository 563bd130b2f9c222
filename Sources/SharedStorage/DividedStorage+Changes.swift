package import Accounts
package import Sessions
internal import Storage

// MARK: changes of accounts, of which Redis hears

extension DividedStorage {
    /// Adds an account, and then its first session where one is given.
    package func insert(
        _ account: NewAccount,
        beginning session: Session?,
        by mandate: Mandate?
    ) async throws(StorageError) {
        try await require(mandate)
        guard let session else {
            return try await accounts.insert(account, beginning: nil, by: mandate)
        }
        // Looked at before the account is made: nothing of it is kept when it cannot begin so.
        guard session.userID == account.user.id, !account.user.isDisabled else {
            throw .unknownUser
        }
        guard try await !sessions.isTaken(session.key) else { throw .duplicate }
        try await accounts.insert(account, beginning: nil, by: mandate)
        let first = Authentication(userID: account.user.id, credentialVersion: 1)
        _ = try await insert(session, for: first, keeping: .max, ending: [])
    }

    /// Changes the password from within a session, which goes on under a new key.
    ///
    /// The session is looked at before the transaction, and once more when it gets its new key.
    /// When it has ended in between, so has what it would have become.
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
        guard let found = try await find(key), found.session.userID == id,
            let before = try await accounts.credentials(of: id), before.passwordHash == old
        else { return nil }
        let change = try await accounts.changePassword(
            of: id,
            from: old,
            to: new,
            replacing: key,
            with: session,
            at: now
        )
        guard let change else { return nil }
        // Begun with the password of this change: a later one ends it.
        let renewal = RedisRenewal(
            old: key,
            session: session,
            credentialVersion: before.credentialVersion + 1
        )
        return try await tell(of: change, renewing: renewal, at: now)
    }

    /// Sets a password without the old one.
    package func setPassword(
        _ new: PasswordHash,
        of id: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        try await tell(of: try await accounts.setPassword(new, of: id, at: now), at: now)
    }

    /// Sets a password by a link, which is used up by it.
    package func setPassword(
        _ new: PasswordHash,
        byLink digest: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange? {
        let change = try await accounts.setPassword(new, byLink: digest, at: now)
        guard let change else { return nil }
        return try await tell(of: change, at: now)
    }

    /// Changes the groups of an account, or shuts or opens it.
    package func edit(
        _ id: PublicID,
        _ edit: UserEdit,
        ifVersion version: Int64?,
        force: Bool,
        by mandate: Mandate?,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        try await require(mandate)
        let change = try await accounts.edit(
            id,
            edit,
            ifVersion: version,
            force: force,
            by: mandate,
            at: now
        )
        return try await tell(of: change, at: now)
    }

    /// Deletes an account and everything that belongs to it but its lines in the audit trail.
    package func delete(
        _ id: PublicID,
        force: Bool,
        by mandate: Mandate?,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        try await require(mandate)
        let change = try await accounts.delete(id, force: force, by: mandate, at: now)
        return try await tell(of: change, at: now)
    }

    /// Keeps the digest of a link.
    package func insertLink(
        _ link: PasswordLink,
        by mandate: Mandate?
    ) async throws(StorageError) {
        try await require(mandate)
        try await accounts.insertLink(link, by: mandate)
    }

    // MARK: telling

    /// Refuses a change for a session that has ended; its user is looked at by the accounts.
    private func require(_ mandate: Mandate?) async throws(StorageError) {
        guard let mandate else { return }
        let holds = try await ask(at: .present) { () throws(StorageError) in
            try await sessions.holds(mandate.session, of: mandate.user)
        }
        guard holds == true else { throw .mandateEnded }
    }

    /// Tells Redis of an account that was changed; says which sessions ended by it.
    private func tell(
        of change: AccountChange,
        renewing renewal: RedisRenewal? = nil,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        let ended = try await tell(of: change.user.id, renewing: renewal, at: now)
        return AccountChange(before: change.before, user: change.user, ended: ended)
    }

    /// Tells Redis of an account that was changed, and takes the note of that away; returns the
    /// sessions that ended.
    private func tell(
        of id: PublicID,
        renewing renewal: RedisRenewal? = nil,
        at now: Timestamp
    ) async throws(StorageError) -> [EndedSession] {
        let state = try await state(of: id)
        let (_, ended) = try await sessions.put(state, renewing: renewal, at: now)
        try await removeNote(of: state)
        return ended
    }

    /// Tells Redis of the changes of which no process has told it.
    package func settle() async throws(StorageError) {
        var failure: StorageError?
        for id in try await notes() {
            // One that cannot be told does not hold up those behind it.
            do throws(StorageError) {
                _ = try await tell(of: id, at: .present)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}
