internal import Sessions

extension RedisSessions {
    /// Adds a session and ends those that it takes the place of.
    func insert(
        _ session: Session,
        for authentication: Authentication,
        keeping limit: Int,
        ending old: [TokenDigest]
    ) async throws(StorageError) -> RedisAnswer<Insertion> {
        let reply = try await run(
            .insert,
            Self.arguments(session, authentication.credentialVersion)
                + [Array("\(max(1, limit))".utf8)] + old.map(\.bytes)
        )
        let parts = try Self.parts(of: reply)
        guard let parts else { return .unknown(session.userID) }
        guard parts.count == 4 else { throw .oddRedis }
        return .value(
            Insertion(
                principal: try Self.principal(parts[1], session.userID),
                replaced: try Self.ended(parts[2]),
                exceeded: try Self.ended(parts[3])
            )
        )
    }

    /// Puts a new session of the same user in the place of an old one.
    func replace(
        _ old: TokenDigest,
        with session: Session,
        for authentication: Authentication
    ) async throws(StorageError) -> RedisAnswer<Principal> {
        let reply = try await run(
            .replace,
            [old.bytes] + Self.arguments(session, authentication.credentialVersion)
        )
        let parts = try Self.parts(of: reply)
        guard let parts else { return .unknown(session.userID) }
        guard parts.count == 2 else { throw .oddRedis }
        return .value(try Self.principal(parts[1], session.userID))
    }

    /// What the scripts are told of a new session.
    static func arguments(_ session: Session, _ credentialVersion: Int64) -> [[UInt8]] {
        let idle = session.idleLimit
        let lag = SessionPolicy.touchInterval(idleLimit: idle)
        let over = min(session.expiresAt, session.lastSeenAt + idle + lag + 1)
        return [
            session.key.bytes,
            RedisRecord.bytes(of: session, credentialVersion: credentialVersion),
            RedisKeys.score(session.lastSeenAt),
            RedisKeys.score(over),
            RedisKeys.lifetime((session.expiresAt + RedisKeys.margin) - session.lastSeenAt),
        ]
    }

    /// The parts of an answer that begins with `ok`; `nil` for one that says that the user is not
    /// known.
    ///
    /// - Throws: `unknownUser` when it is refused, `duplicate`.
    static func parts(of reply: RedisReply) throws(StorageError) -> [RedisReply]? {
        let parts = try reply.list
        switch try parts.first?.text {
        case "ok": return parts
        case "unknown": return nil
        case "refused": throw .unknownUser
        case "duplicate": throw .duplicate
        default: throw .oddRedis
        }
    }

    /// A user as the scripts tell of one: name, groups, email address or nothing.
    static func principal(
        _ reply: RedisReply,
        _ id: PublicID
    ) throws(StorageError) -> Principal {
        let parts = try reply.list
        guard parts.count >= 2 else { throw .oddRedis }
        return Principal(
            id: id,
            username: try parts[0].text,
            email: parts.count > 2 && parts[2] != .none ? try parts[2].text : nil,
            groups: try parts[1].text.split(separator: "\u{1F}").map(String.init)
        )
    }

    /// Sessions that a script has ended.
    static func ended(_ reply: RedisReply) throws(StorageError) -> [EndedSession] {
        var sessions: [EndedSession] = []
        for part in try reply.list { sessions.append(try ended(one: part)) }
        return sessions
    }

    /// A session that a script has ended: its key, its public id and its user.
    static func ended(one reply: RedisReply) throws(StorageError) -> EndedSession {
        let bytes = try reply.bytes
        guard bytes.count == 64, let key = TokenDigest(bytes: Array(bytes[..<32])),
            let id = PublicID(bytes: Array(bytes[32..<48])),
            let user = PublicID(bytes: Array(bytes[48...]))
        else { throw .oddRedis }
        return EndedSession(key: key, id: id, userID: user)
    }
}
