package import Sessions

/// Makes accounts and tells who somebody is by name and password.
package struct Accounts: Sendable {
    private let storage: any AccountStorage
    private let hasher: PasswordHasher
    private let rules: PasswordRules
    private let now: @Sendable () -> Timestamp

    /// Joins storage, hasher, rules and the server's clock.
    package init(
        storage: any AccountStorage,
        hasher: PasswordHasher,
        rules: PasswordRules,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.storage = storage
        self.hasher = hasher
        self.rules = rules
        self.now = now
    }

    /// Makes an account.
    ///
    /// An email address alone is the username too, and a username that is an email address is the
    /// email address too unless another is given. An empty field counts as one that was left out.
    package func signUp(
        username: String?,
        email: String?,
        password: String
    ) async throws(SignUpError) -> User {
        let application = Application(username: username, email: email)
        let password = Password(password)
        var issues = application.issues
        if let issue = rules.issue(with: password, names: application.names) {
            issues.append(AccountIssue(field: "password", sentence: issue.sentence))
        }
        guard issues.isEmpty, let name = application.username else { throw .invalid(issues) }

        // A look first spares the hash; the insert decides.
        for key in application.keys
        where try await credentials(of: key, or: SignUpError.storage) != nil {
            throw .taken
        }
        let passwordHash: PasswordHash
        do throws(HashingError) {
            passwordHash = try await hasher.hash(password)
        } catch {
            throw .busy
        }
        let user = User(
            id: .random(),
            username: name.text,
            email: application.email?.text,
            groups: [],
            isDisabled: false,
            createdAt: now()
        )
        do throws(StorageError) {
            try await storage.insert(
                NewAccount(user: user, passwordHash: passwordHash, keys: application.keys)
            )
        } catch {
            throw error == .duplicate ? .taken : .storage(error)
        }
        return user
    }

    /// Tells who somebody is.
    ///
    /// One password is verified on every way through, whatever is wrong.
    package func authenticate(
        name: String,
        password: String
    ) async throws(AuthenticationError) -> User {
        let password = Password(password)
        var found: Credentials?
        if let name = try? AccountName(name) {
            found = try await credentials(of: name.key, or: AuthenticationError.storage)
        }
        let isTooLong = password.bytes.count > PasswordRules.maximumBytes
        let verification: Verification
        do throws(HashingError) {
            verification = try await hasher.verify(
                password,
                against: isTooLong ? nil : found?.passwordHash
            )
        } catch {
            throw .busy
        }
        guard case .match(let needsRehash) = verification, let found, !found.user.isDisabled else {
            throw .invalidCredentials
        }
        if needsRehash { await rehash(password, of: found) }
        return found.user
    }

    /// Replaces a hash that costs less than the settings ask for (ASVS 11.4.2).
    ///
    /// Best effort: when hashing is busy, storage fails or the password changed meanwhile, the old
    /// hash stays, the person is let in, and the next login tries again.
    private func rehash(_ password: Password, of found: Credentials) async {
        guard let new = try? await hasher.hash(password) else { return }
        _ = try? await storage.replacePasswordHash(
            of: found.user.id,
            from: found.passwordHash,
            to: new
        )
    }

    private func credentials<Failure: Error>(
        of key: NameKey,
        or failure: (StorageError) -> Failure
    ) async throws(Failure) -> Credentials? {
        do throws(StorageError) {
            return try await storage.credentials(of: key)
        } catch {
            throw failure(error)
        }
    }
}
