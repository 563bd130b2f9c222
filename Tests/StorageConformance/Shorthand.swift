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

extension AccountStorage {
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
