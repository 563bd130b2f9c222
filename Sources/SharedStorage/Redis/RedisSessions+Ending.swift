internal import Sessions

extension RedisSessions {
    /// Ends a session; returns what it was, or `nil` when there was none.
    func remove(_ key: TokenDigest, at now: Timestamp) async throws(StorageError) -> EndedSession? {
        let reply = try await run(.remove, [RedisKeys.score(now), key.bytes])
        return reply == .none ? nil : try Self.ended(one: reply)
    }

    /// Ends the session of a user that has a public id.
    func remove(
        _ id: PublicID,
        of user: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        let reply = try await run(.removeID, [RedisKeys.score(now), user.bytes, id.bytes])
        return reply == .none ? nil : try Self.ended(one: reply)
    }

    /// Ends all sessions of a user, but for the one of a public id.
    func removeAll(
        of user: PublicID,
        except kept: PublicID?,
        at now: Timestamp
    ) async throws(StorageError) -> [EndedSession] {
        let arguments = [RedisKeys.score(now), user.bytes, kept?.bytes ?? []]
        return try Self.ended(try await run(.removeUser, arguments))
    }

    /// Ends all sessions of everybody, but for the one of a public id.
    ///
    /// It takes some 16 s for a million, a few at a time, so that the server can do other things in
    /// between. When it fails half-way, those that have ended have ended, and it is to be asked for
    /// again.
    func removeAll(
        except kept: PublicID?,
        at now: Timestamp
    ) async throws(StorageError) -> [EndedSession] {
        var ended: [EndedSession] = []
        var count: Int64
        repeat {
            let limit = Array("\(Self.batch)".utf8)
            let arguments = [RedisKeys.score(now), kept?.bytes ?? [], limit]
            let parts = try await run(.removeAll, arguments).list
            guard parts.count == 2 else { throw .oddRedis }
            count = try parts[0].number
            ended += try Self.ended(parts[1])
        } while count == Self.batch
        return ended
    }

    /// How many sessions one script ends: some four milliseconds, in which the server does nothing
    /// else.
    private static let batch: Int64 = 200

    /// Removes expired sessions among the next `limit` after `cursor`, or fewer.
    func removeExpired(
        at now: Timestamp,
        after cursor: TokenDigest?,
        limit: Int
    ) async throws(StorageError) -> Sweep {
        let numbers = [max(1, min(limit, Int(Self.batch))), Int(SessionPolicy.touchInterval)].map {
            Array("\($0)".utf8)
        }
        let parts = try await run(
            .sweep,
            [RedisKeys.score(now), cursor?.bytes ?? []] + numbers
        ).list
        guard parts.count == 2 else { throw .oddRedis }
        var removed: [TokenDigest] = []
        for key in try parts[1].list { removed.append(try key.key) }
        return Sweep(removed: removed, cursor: TokenDigest(bytes: try parts[0].bytes))
    }

    /// Forgets at most `limit` of the keys that ended before a time; returns how many.
    func forgetEnded(before time: Timestamp, limit: Int) async throws(StorageError) -> Int {
        let arguments = [RedisKeys.score(time), Array("\(max(0, limit))".utf8)]
        return Int(try await run(.forget, arguments).number)
    }

    /// Proves that the server can be written to.
    func probe() async throws(StorageError) {
        let words = [Array("SET".utf8), keys.key("p"), [UInt8(ascii: "1")]]
        _ = try await call(words)
    }
}
