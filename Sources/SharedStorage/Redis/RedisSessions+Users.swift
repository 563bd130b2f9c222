internal import Accounts
internal import Sessions

/// What the accounts say of a user, as Redis keeps it.
struct RedisUser: Hashable, Sendable {
    let id: PublicID
    /// What a check tells; `nil` when there is no such account any more.
    let user: User?
    /// The number that sessions are begun with.
    let credentialVersion: Int64

    /// Takes what the accounts say; `nil` when they know nobody of that id.
    init(id: PublicID, _ credentials: Credentials?) {
        self.id = id
        user = credentials?.user
        credentialVersion = credentials?.credentialVersion ?? 0
    }

    /// The number of this state; a later one is greater.
    ///
    /// Both numbers only grow, and every change of what Redis keeps moves one of them.
    var revision: Int64 {
        guard let user else { return 1 << 53 }
        return user.editVersion &+ credentialVersion
    }

    /// Whether nobody may sign in.
    var isShut: Bool { user?.isDisabled ?? true }
}

/// A session that goes on under another key.
struct RedisRenewal: Sendable {
    let old: TokenDigest
    let session: Session
    /// The number that it goes on with.
    let credentialVersion: Int64
}

extension RedisSessions {
    /// Takes over what the accounts say of a user, unless something newer is known, and ends the
    /// sessions that were begun with an earlier credential version, or all when the user is shut;
    /// returns those that ended, and whether there was memory for what is told of the user.
    ///
    /// Where a `renewal` is given and its session is there, it goes on under a new key.
    func put(
        _ user: RedisUser,
        renewing renewal: RedisRenewal? = nil,
        at now: Timestamp
    ) async throws(StorageError) -> (isKept: Bool, ended: [EndedSession]) {
        let lifetime = user.user == nil ? RedisKeys.margin : RedisKeys.userLifetime
        let text = [
            "\(user.revision)", "\(user.credentialVersion)", user.isShut ? "1" : "0",
            "\(lifetime)", user.user?.username ?? "",
            user.user?.groups.joined(separator: "\u{1F}") ?? "", user.user?.email ?? "",
        ]
        var arguments = [RedisKeys.score(now), user.id.bytes] + text.map { Array($0.utf8) }
        if let renewal {
            arguments.append(renewal.old.bytes)
            arguments += Self.arguments(renewal.session, renewal.credentialVersion)
        }
        let parts = try await run(.account, arguments).list
        guard parts.count == 2 else { throw .oddRedis }
        return (try parts[0].number == 1, try Self.ended(parts[1]))
    }
}
