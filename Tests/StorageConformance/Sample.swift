package import Accounts
package import Sessions

/// Accounts and sessions that tests are made of; only their ids are random.
package enum Sample {
    /// The time at which samples begin; no clock is read anywhere in the suites.
    package static let start = Timestamp(seconds: 1_700_000_000)

    /// Returns a key that no other session has.
    package static func key() -> TokenDigest {
        guard let key = TokenDigest(bytes: PublicID.random().bytes + PublicID.random().bytes) else {
            preconditionFailure("two ids of 16 bytes are a digest of 32")
        }
        return key
    }

    /// Returns a user with one name.
    package static func user(
        _ name: String = "ada",
        email: String? = nil,
        groups: [String] = [],
        isDisabled: Bool = false
    ) -> User {
        User(
            id: .random(),
            username: name,
            email: email,
            groups: groups,
            isDisabled: isDisabled,
            createdAt: start
        )
    }

    /// Returns an account whose keys are the names of the user as they are.
    package static func account(_ user: User, hash: String = "$argon2id$1") -> NewAccount {
        NewAccount(
            user: user,
            passwordHash: PasswordHash(text: hash),
            nameKey: NameKey(stored: user.username),
            emailKey: user.email.map { NameKey(stored: $0) }
        )
    }

    /// Returns a session of a user, begun `age` seconds after the start.
    package static func session(
        of user: User,
        key: TokenDigest = key(),
        id: PublicID = .random(),
        at age: Int64 = 0,
        lifetime: Int64 = 86_400,
        idle: Int64 = 28_800
    ) -> Session {
        session(of: user.id, key: key, id: id, at: age, lifetime: lifetime, idle: idle)
    }

    /// Returns a session of the user with an id, begun `age` seconds after the start.
    package static func session(
        of userID: PublicID,
        key: TokenDigest = key(),
        id: PublicID = .random(),
        at age: Int64 = 0,
        lifetime: Int64 = 86_400,
        idle: Int64 = 28_800
    ) -> Session {
        Session(
            key: key,
            id: id,
            userID: userID,
            createdAt: start + age,
            authenticatedAt: start + age,
            lastSeenAt: start + age,
            expiresAt: start + age + lifetime,
            idleLimit: idle,
            isRemembered: false,
            clientAddress: "203.0.113.7",
            userAgent: "Mozilla/5.0 (\u{1F9E5})"
        )
    }
}
