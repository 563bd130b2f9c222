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
        let application = Application(username: username, email: email)
        let password = Password(password)
        var issues = application.issues
        if let issue = rules.issue(with: password, names: application.names) {
            issues.append(AccountIssue(field: "password", sentence: issue.sentence))
        }
        guard issues.isEmpty, let name = application.username else {
            await throttle.withdrawn(keys, at: now())
            throw .invalid(issues)
        }
        do throws(SignUpError) {
            return try await makeAccount(of: application, name, password, newSession)
        } catch {
            // Nothing was made and nothing was learned.
            switch error {
            case .busy, .storage: await throttle.withdrawn(keys, at: now())
            case .invalid, .taken, .throttled: break
            }
            throw error
        }
    }

    private func makeAccount(
        of application: Application,
        _ name: AccountName,
        _ password: Password,
        _ newSession: (PublicID) -> NewSession
    ) async throws(SignUpError) -> (user: User, session: NewSession) {
        // A look first spares the hash; the insert decides.
        try await refuseTaken(application.names)
        let hash: PasswordHash
        do throws(HashingError) {
            hash = try await hasher.hash(password)
        } catch {
            throw .busy
        }
        let account = application.account(named: name, groups: [], hash, at: now())
        let session = newSession(account.user.id)
        do throws(StorageError) {
            try await storage.insert(account, beginning: session.session, by: nil)
        } catch {
            throw error == .duplicate ? .taken : .storage(error)
        }
        return (account.user, session)
    }

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
}
