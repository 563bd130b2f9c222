internal import Sessions
internal import Storage

extension RedisSessions {
    /// Looks a session up together with its user: one round trip.
    func find(_ key: TokenDigest) async throws(StorageError) -> RedisAnswer<FoundSession?> {
        let reply = try await run(.find, [key.bytes], for: .check)
        let parts = try reply.list
        guard try !Self.isRefusal(parts) else { return .value(nil) }
        if let user = try Self.unknownUser(parts) { return .unknown(user) }
        guard parts.count >= 3 else { throw .oddRedis }
        let seen = parts.count > 3 && parts[3] != .none ? try parts[3].number : nil
        let session = try RedisRecord.session(
            try parts[2].bytes,
            key: key,
            seen: seen.map(Timestamp.init(seconds:))
        )
        let principal = try Self.principal(parts[1], session.userID)
        return .value(FoundSession(session: session, principal: principal))
    }

    /// Says whether a user has a live session with a public id.
    func holds(
        _ id: PublicID,
        of user: PublicID
    ) async throws(StorageError) -> RedisAnswer<Bool> {
        let parts = try await run(.holds, [user.bytes, id.bytes]).list
        guard try !Self.isRefusal(parts) else { return .value(false) }
        if let user = try Self.unknownUser(parts) { return .unknown(user) }
        return .value(true)
    }

    /// Returns the sessions of a user, the most recently used first.
    func sessions(of user: PublicID) async throws(StorageError) -> [Session] {
        let sessions = try Self.entries(try await run(.list, [user.bytes])).map(\.session)
        return sessions.sorted { left, right in
            if left.lastSeenAt != right.lastSeenAt { return left.lastSeenAt > right.lastSeenAt }
            if left.createdAt != right.createdAt { return left.createdAt > right.createdAt }
            return left.key < right.key
        }
    }

    /// Sessions as scripts list them: the digest, the last-seen time and the record of each.
    static func entries(
        _ reply: RedisReply
    ) throws(StorageError) -> [(session: Session, record: [UInt8])] {
        let parts = try reply.list
        var entries: [(session: Session, record: [UInt8])] = []
        for start in stride(from: 0, to: parts.count - 2, by: 3) {
            let (seen, record) = (parts[start + 1], try parts[start + 2].bytes)
            let session = try RedisRecord.session(
                record,
                key: try parts[start].key,
                seen: seen == .none ? nil : Timestamp(seconds: try seen.number)
            )
            entries.append((session, record))
        }
        return entries
    }

    /// Notes when sessions were last used.
    func touch(_ uses: [SessionUse]) async throws(StorageError) {
        guard !uses.isEmpty else { return }
        _ = try await run(.touch, uses.flatMap { [$0.key.bytes, RedisKeys.score($0.seenAt)] })
    }

    /// Returns what a key was of which the session has ended at `time` or later.
    func ended(
        _ key: TokenDigest,
        since time: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        let reply = try await call([Array("GET".utf8), keys.key("e:", key.bytes)])
        guard reply != .none else { return nil }
        let bytes = try reply.bytes
        guard let end = Int64(String(decoding: bytes.dropFirst(32), as: UTF8.self)) else {
            throw .oddRedis
        }
        guard end >= time.seconds else { return nil }
        return try Self.ended(one: .bytes(key.bytes + bytes.prefix(32)))
    }

    /// Says whether there is a session of a key.
    func isTaken(_ key: TokenDigest) async throws(StorageError) -> Bool {
        try await call([Array("EXISTS".utf8), keys.key("s:", key.bytes)]).number == 1
    }

    /// Returns how many sessions there are.
    func sessionCount() async throws(StorageError) -> Int {
        Int(try await call([Array("ZCARD".utf8), keys.key("x")]).number)
    }

    /// Returns whose session has a public id.
    ///
    /// No index serves that: it looks at all of them, the one that is over last first, which takes
    /// some 3 s for a million.
    func owner(ofSession id: PublicID) async throws(StorageError) -> PublicID? {
        // Backwards, so that those that end meanwhile make it pass over none.
        var end = try await sessionCount()
        while end > 0 {
            let start = max(0, end - Self.chunk)
            let places = [start, end - 1].map { Array("\($0)".utf8) }
            let reply = try await run(.owner, [id.bytes] + places)
            if reply != .none { return PublicID(bytes: try reply.bytes) }
            end = start
        }
        return nil
    }

    /// How many sessions one script looks at: some three milliseconds, in which the server does
    /// nothing else.
    private static let chunk = 1000

    private static func isRefusal(_ parts: [RedisReply]) throws(StorageError) -> Bool {
        try parts.first?.text == "refused"
    }

    /// The user whom an answer says to be unknown.
    private static func unknownUser(_ parts: [RedisReply]) throws(StorageError) -> PublicID? {
        switch try parts.first?.text {
        case "ok": return nil
        case "unknown" where parts.count == 2:
            guard let id = PublicID(bytes: try parts[1].bytes) else { throw .oddRedis }
            return id
        default: throw .oddRedis
        }
    }
}
