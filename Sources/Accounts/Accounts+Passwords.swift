package import Sessions

extension Accounts {
    /// Changes a password for somebody who knows the current one (ASVS 6.2.3).
    ///
    /// Every session of the account ends but the one that asked, which goes on under the ticket of
    /// `new` (ASVS 7.2.4, 7.4.3); all of it is one transaction.
    ///
    /// - Returns: the change; the caller lets the cache forget the user before it answers.
    package func changePassword(
        of user: User,
        from current: String,
        to new: String,
        replacing key: TokenDigest,
        with session: NewSession
    ) async throws(PasswordChangeError) -> AccountChange {
        if let issue = issue(with: new, for: user) { throw .invalid(issue) }
        let old: PasswordHash
        do throws(AuthenticationError) {
            old = try await proven(current, of: user.id, within: session.session.id)
                .0.passwordHash
        } catch {
            switch error {
            case .invalidCredentials: throw .wrongPassword
            case .throttled(let scope, let seconds): throw .throttled(scope, seconds: seconds)
            case .busy: throw .busy
            case .storage(let error): throw .storage(error)
            }
        }
        let hash = try await hash(new)
        let change: AccountChange?
        do throws(StorageError) {
            change = try await storage.changePassword(
                of: user.id,
                from: old,
                to: hash,
                replacing: key,
                with: session.session,
                at: now()
            )
        } catch {
            throw .storage(error)
        }
        guard let change else { throw .overtaken }
        return change
    }

    /// Sets a password without the old one, and ends every session of the account.
    ///
    /// - Throws: `.overtaken` when there is no such account.
    package func setPassword(
        of user: User,
        to new: String
    ) async throws(PasswordChangeError) -> AccountChange {
        if let issue = issue(with: new, for: user) { throw .invalid(issue) }
        let hash = try await hash(new)
        do throws(StorageError) {
            return try await storage.setPassword(hash, of: user.id, at: now())
        } catch {
            throw error == .unknownUser ? .overtaken : .storage(error)
        }
    }

    // MARK: links

    /// Makes a link by which somebody sets the password of an account, once (ASVS 6.4.1).
    ///
    /// Whoever makes it cannot choose the password (ASVS 6.4.6). Only the digest is stored.
    package func makeLink(
        for id: PublicID,
        by mandate: Mandate? = nil
    ) async throws(StorageError) -> Ticket {
        let secret = Ticket.random()
        try await storage.insertLink(link(secret, for: id), by: mandate)
        return secret
    }

    /// A link that works from now on.
    func link(_ secret: Ticket, for id: PublicID) -> PasswordLink {
        PasswordLink(
            digest: secret.digest,
            userID: id,
            expiresAt: now() + terms.passwordLink
        )
    }

    /// Returns the account of a link that works.
    package func user(ofLink digest: TokenDigest) async throws(StorageError) -> User? {
        try await storage.user(ofLink: digest, at: now())
    }

    /// Sets a password by a link, which is used up by it, and ends every session of the account.
    ///
    /// - Throws: `.overtaken` when the link does not work.
    package func setPassword(
        byLink digest: TokenDigest,
        to new: String
    ) async throws(PasswordChangeError) -> AccountChange {
        let user: User?
        do throws(StorageError) {
            user = try await self.user(ofLink: digest)
        } catch {
            throw .storage(error)
        }
        guard let user else { throw .overtaken }
        if let issue = issue(with: new, for: user) { throw .invalid(issue) }
        let hash = try await hash(new)
        let change: AccountChange?
        do throws(StorageError) {
            change = try await storage.setPassword(hash, byLink: digest, at: now())
        } catch {
            throw .storage(error)
        }
        guard let change else { throw .overtaken }
        return change
    }

    private func hash(_ password: String) async throws(PasswordChangeError) -> PasswordHash {
        do throws(HashingError) {
            return try await hasher.hash(Password(password), priority: .preferred)
        } catch {
            throw .busy
        }
    }

    private func issue(with password: String, for user: User) -> PasswordIssue? {
        let names = [user.username, user.email].compactMap { $0 }
            .compactMap { try? AccountName($0) }
        return rules.issue(with: Password(password), names: names)
    }
}
