package import Sessions

/// Somebody who has proved a password at the login.
package struct Login: Sendable {
    /// The account.
    package let user: User
    /// What a session begins for.
    package let authentication: Authentication
    /// Whether the browser's device is known for this account already.
    package let isKnownDevice: Bool
    /// How many wrong passwords went before.
    package let priorFailures: Int
}

extension Accounts {
    /// Tells who somebody is.
    ///
    /// Every try that is admitted verifies one password, whatever is wrong. The try is counted
    /// before that, and taken back when the password was right, so that many tries at once gain
    /// nothing. On a device that is known for the account tries are counted apart from those of
    /// strangers.
    package func authenticate(
        name: String,
        password: String,
        from source: LoginSource
    ) async throws(AuthenticationError) -> Login {
        let found: Credentials?
        let isKnown: Bool
        do throws(StorageError) {
            found = try await credentials(named: name)
            isKnown = try await isDeviceKnown(source.device, of: found?.user.id)
        } catch {
            throw .storage(error)
        }
        let keys = keys(name: name, isKnown: isKnown, source)
        let failures = try await admit(keys)
        let verification = try await verify(
            password,
            against: found,
            counting: keys,
            priority: isKnown ? .preferred : .ordinary
        )
        guard case .match(let needsRehash) = verification, let found, !found.user.isDisabled else {
            throw .invalidCredentials(found?.user.id)
        }
        let names = [found.user.username, found.user.email].compactMap { $0 }
        await throttle.succeeded(keys + (isKnown ? [] : names.map { .name($0) }), at: now())
        if needsRehash { await rehash(password, of: found) }
        return Login(
            user: found.user,
            authentication: found.authentication,
            isKnownDevice: isKnown,
            priorFailures: failures
        )
    }

    /// Tells whether somebody who has a session still knows the password (ASVS 7.5.3).
    ///
    /// Tries are counted for the session, apart from those at the login: only whoever has it can
    /// use them up.
    package func reauthenticate(
        _ id: PublicID,
        within session: PublicID,
        password: String
    ) async throws(AuthenticationError) -> Authentication {
        let (found, needsRehash) = try await proven(password, of: id, within: session)
        if needsRehash { await rehash(password, of: found) }
        return found.authentication
    }

    /// Verifies the password of somebody who has a session, and returns what is stored of it.
    func proven(
        _ password: String,
        of id: PublicID,
        within session: PublicID
    ) async throws(AuthenticationError) -> (Credentials, needsRehash: Bool) {
        let found: Credentials?
        do throws(StorageError) {
            found = try await storage.credentials(of: id)
        } catch {
            throw .storage(error)
        }
        let keys = [ThrottleKey.holder(session)]
        _ = try await admit(keys)
        let verification = try await verify(
            password,
            against: found,
            counting: keys,
            priority: .preferred
        )
        guard case .match(let needsRehash) = verification, let found, !found.user.isDisabled else {
            throw .invalidCredentials(id)
        }
        await throttle.succeeded(keys, at: now())
        return (found, needsRehash)
    }

    /// Remembers the device on which somebody has logged in.
    package func remember(
        device key: TokenDigest,
        of id: PublicID
    ) async throws(StorageError) {
        try await storage.remember(
            KnownDevice(key: key, userID: id, usedAt: now()),
            keeping: Accounts.devicesPerAccount
        )
    }

    private func credentials(named name: String) async throws(StorageError) -> Credentials? {
        guard let name = try? AccountName(name) else { return nil }
        return try await storage.credentials(of: name.key)
    }

    /// Whether a device is known; asked for names without an account too, since that takes time.
    private func isDeviceKnown(
        _ device: TokenDigest?,
        of id: PublicID?
    ) async throws(StorageError) -> Bool {
        guard let device else { return false }
        return try await storage.isKnown(
            device: device,
            of: id ?? .random(),
            since: now() + -terms.knownDevice
        )
    }

    /// The counters of a try.
    ///
    /// They are chosen by the name as it was given: that two names share a counter would tell that
    /// they are those of one account (ASVS 6.3.8).
    private func keys(name: String, isKnown: Bool, _ source: LoginSource) -> [ThrottleKey] {
        if isKnown, let device = source.device { return [.device(device)] }
        return [.name(name), .network(source.network)]
    }

    private func admit(_ keys: [ThrottleKey]) async throws(AuthenticationError) -> Int {
        switch await throttle.admit(keys, at: now()) {
        case .admitted(let priorFailures): return priorFailures
        case .wait(let scope, let seconds): throw .throttled(scope, seconds: seconds)
        }
    }

    /// Verifies one password; a try of which nothing was learned is not counted.
    private func verify(
        _ text: String,
        against found: Credentials?,
        counting keys: [ThrottleKey],
        priority: HashingPriority
    ) async throws(AuthenticationError) -> Verification {
        let password = Password(text)
        let isTooLong = password.bytes.count > PasswordRules.maximumBytes
        do throws(HashingError) {
            let hash = isTooLong ? nil : found?.passwordHash
            return try await hasher.verify(password, against: hash, priority: priority)
        } catch {
            await throttle.withdrawn(keys, at: now())
            throw .busy
        }
    }

    /// Replaces a hash of another system, or one that costs less than the settings ask for (ASVS
    /// 11.4.2).
    ///
    /// Best effort: when hashing is busy, storage fails or the password changed meanwhile, the old
    /// hash stays, the person is let in, and the next login tries again.
    private func rehash(_ password: String, of found: Credentials) async {
        guard let new = try? await hasher.hash(Password(password)) else { return }
        _ = try? await storage.replacePasswordHash(
            of: found.user.id,
            from: found.passwordHash,
            to: new
        )
    }
}
