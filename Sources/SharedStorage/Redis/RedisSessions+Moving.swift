internal import Sessions

extension RedisSessions {
    /// A session with the number of the password that it was begun with.
    struct Moved: Sendable {
        let session: Session
        let credentialVersion: Int64
    }

    /// Returns at most `limit` sessions of everybody after a key, in one order while nobody changes
    /// them.
    func page(
        after key: TokenDigest?,
        limit: Int
    ) async throws(StorageError) -> [Moved] {
        let reply = try await run(.page, [key?.bytes ?? [], Array("\(limit)".utf8)])
        return try Self.entries(reply).map { entry throws(StorageError) in
            Moved(
                session: entry.session,
                credentialVersion: RedisRecord.credentialVersion(entry.record)
            )
        }
    }

    /// Adds sessions; those that are there already stay as they are.
    func add(_ sessions: [Moved]) async throws(StorageError) {
        for start in stride(from: 0, to: sessions.count, by: Self.batch) {
            let some = sessions[start..<min(start + Self.batch, sessions.count)]
            _ = try await run(
                .add,
                some.flatMap { Self.arguments($0.session, $0.credentialVersion) }
            )
        }
    }

    /// How many sessions one script adds.
    private static let batch = 100
}
