package import Accounts
package import Sessions

extension StorageUnderTest {
    /// Adds an account for a user and returns the user.
    @discardableResult
    package func signUp(_ user: User = Sample.user()) async throws -> User {
        try await accounts.insert(Sample.account(user))
        return user
    }

    /// Adds a session with room for many more, and returns it.
    @discardableResult
    package func signIn(_ session: Session) async throws -> Session {
        _ = try await sessions.insert(session, keeping: 1000)
        return session
    }
}

/// What most cases leave out: the first password, and the time of samples.
extension SessionStorage {
    /// Adds a session of somebody who has proved the first password, in the place of none.
    package func insert(
        _ session: Session,
        keeping limit: Int
    ) async throws(StorageError) -> Insertion {
        try await insert(session, for: .first(of: session.userID), keeping: limit, ending: [])
    }

    /// Puts a session of somebody who has proved the first password in the place of another.
    package func replace(
        _ old: TokenDigest,
        with session: Session
    ) async throws(StorageError) -> Principal {
        try await replace(old, with: session, for: .first(of: session.userID))
    }

    /// Ends a session at the time at which samples begin.
    package func remove(_ key: TokenDigest) async throws(StorageError) -> EndedSession? {
        try await remove(key, at: Sample.start)
    }
}

// Without a mandate, as the operator's command line.
extension AccountStorage {
    /// Adds an account, and its first session where one is given.
    package func insert(
        _ account: NewAccount,
        beginning session: Session?
    ) async throws(StorageError) {
        try await insert(account, beginning: session, by: nil)
    }

    /// Keeps the digest of a link.
    package func insertLink(_ link: PasswordLink) async throws(StorageError) {
        try await insertLink(link, by: nil)
    }

    /// Changes an account.
    package func edit(
        _ id: PublicID,
        _ edit: UserEdit,
        ifVersion version: Int64?,
        force: Bool,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        try await self.edit(id, edit, ifVersion: version, force: force, by: nil, at: now)
    }

    /// Deletes an account and everything that belongs to it.
    package func delete(
        _ id: PublicID,
        force: Bool,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        try await delete(id, force: force, by: nil, at: now)
    }

    /// Adds an account without a session.
    package func insert(_ account: NewAccount) async throws(StorageError) {
        try await insert(account, beginning: nil)
    }
}

extension Authentication {
    /// Somebody who has proved the password that the account was made with.
    package static func first(of user: PublicID) -> Authentication {
        Authentication(userID: user, credentialVersion: 1)
    }
}

extension EndedSession {
    /// What a session is when it is over.
    package init(_ session: Session) {
        self.init(key: session.key, id: session.id, userID: session.userID)
    }
}
