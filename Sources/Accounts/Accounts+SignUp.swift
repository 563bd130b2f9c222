package import Sessions

extension Accounts {
    /// Makes an account, and its first session drawn by `newSession`.
    ///
    /// An email address alone is the username too, and a username that is an email address is the
    /// email address too unless another is given. An empty field counts as one that was left out.
    /// Account and session are one transaction.
    package func signUp(
        username: String?,
        email: String?,
        password: String,
        from source: LoginSource,
        session newSession: (PublicID) -> NewSession
    ) async throws(SignUpError) -> (user: User, session: NewSession) {
        // Asked before anything else: judging a password takes milliseconds too.
        let keys = [ThrottleKey.signUp(source.network)]
        if case .wait(let scope, let seconds) = await throttle.admit(keys, at: now()) {
            throw .throttled(scope, seconds: seconds)
        }
        do throws(SignUpError) {
            return try await makeAccount(username, email, Password(password), newSession)
        } catch {
            // Nothing was made and nothing was learned.
            switch error {
            case .invalid, .busy, .storage: await throttle.withdrawn(keys, at: now())
            case .taken, .throttled: break
            }
            throw error
        }
    }

    private func makeAccount(
        _ username: String?,
        _ email: String?,
        _ password: Password,
        _ newSession: (PublicID) -> NewSession
    ) async throws(SignUpError) -> (user: User, session: NewSession) {
        let application = Application(username: username, email: email)
        let name = try judged(application, password)
        // A look first spares the hash; the insert decides.
        try await refuseTaken(application.names)
        let hash = try await hashed(password)
        let account = application.account(named: name, groups: [], hash, at: now())
        let session = newSession(account.user.id)
        try await insert(account, beginning: session.session)
        return (account.user, session)
    }

    // MARK: the steps of making an account, by its owner or by somebody else

    /// The username of an application of which all is good, its password included where there is
    /// one.
    func judged(
        _ application: Application,
        _ password: Password?
    ) throws(SignUpError) -> AccountName {
        var issues = application.issues
        if let password, let issue = rules.issue(with: password, names: application.names) {
            issues.append(AccountIssue(field: "password", sentence: issue.sentence))
        }
        guard issues.isEmpty, let name = application.username else { throw .invalid(issues) }
        return name
    }

    /// Refuses names that an account has.
    func refuseTaken(_ names: [AccountName]) async throws(SignUpError) {
        for name in names {
            let isTaken: Bool
            do throws(StorageError) {
                isTaken = try await storage.credentials(of: name.key) != nil
            } catch {
                throw .storage(error)
            }
            if isTaken { throw .taken }
        }
    }

    /// The hash of a new password.
    func hashed(_ password: Password) async throws(SignUpError) -> PasswordHash {
        do throws(HashingError) {
            return try await hasher.hash(password)
        } catch {
            throw .busy
        }
    }

    /// Keeps an account, and its first session where there is one.
    func insert(
        _ account: NewAccount,
        beginning session: Session? = nil,
        by mandate: Mandate? = nil
    ) async throws(SignUpError) {
        do throws(StorageError) {
            try await storage.insert(account, beginning: session, by: mandate)
        } catch {
            throw error == .duplicate ? .taken : .storage(error)
        }
    }
}
