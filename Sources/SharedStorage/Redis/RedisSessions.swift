package import Sessions
package import Storage

/// Sessions in Redis or Valkey.
///
/// It keeps the promises of `SessionStorage` that are about sessions; what Redis does not know of a
/// user, the caller finds in the accounts and tells it by `put` (`RedisAnswer`). Everything that
/// changes several keys is one script, so others see all of it or nothing.
package final class RedisSessions: Sendable {
    let keys: RedisKeys
    let feed: RedisFeed
    private let threads: EngineThreads<RedisConnection>
    private let roundTrips = RoundTrips()

    /// Connects, and looks whether sessions can be kept there.
    ///
    /// - Throws: `unavailable` with what is wrong: the URL, the password, the server.
    package init(
        url: RedisURL,
        prefix: String,
        connections: Int
    ) throws(StorageError) {
        let door = try RedisDoor(url)
        keys = RedisKeys(prefix: Array(prefix.utf8))
        // Now, so that a program that cannot be served does not start.
        try Self.tryOut(door, keys)
        feed = RedisFeed(through: door, keys)
        threads = EngineThreads(count: connections) { () throws(StorageError) in
            try RedisConnection(through: door)
        }
    }

    /// Looks whether we may run scripts, read and write our keys, and hear of what is written.
    static func tryOut(_ door: RedisDoor, _ keys: RedisKeys) throws(StorageError) {
        let first = try RedisConnection(through: door)
        defer { first.close() }
        _ = try first.run(.find, [keys.prefix, []])
        let listener = try RedisListener(through: door, keys)
        defer { listener.close() }
        do throws(StorageError) {
            try listener.tryOut(by: first)
        } catch {
            // A server that is full for the moment still tells who is signed in.
            guard case .unavailable("full", _) = error else { throw error }
        }
    }

    /// What the connections have done since the start.
    package var figures: ConnectionFigures {
        var figures = ConnectionFigures(engine: "redis")
        figures.checkRoundTrips = roundTrips.forChecks
        figures.otherRoundTrips = roundTrips.forOthers
        figures.reconnects = threads.reconnects + feed.reconnects
        figures.isReachable = threads.isReachable
        figures.feedProof = feed.lastProof
        return figures
    }

    /// Closes the connections.
    package func close() {
        threads.close()
        feed.close()
    }

    /// Runs a script; its first argument is the prefix.
    func run(
        _ script: RedisScript,
        _ arguments: [[UInt8]],
        for purpose: ReadPurpose = .other
    ) async throws(StorageError) -> RedisReply {
        let arguments = [keys.prefix] + arguments
        return try await perform(for: purpose) { connection throws(StorageError) in
            try connection.run(script, arguments)
        }
    }

    /// Gives a command.
    func call(_ words: [[UInt8]]) async throws(StorageError) -> RedisReply {
        try await perform(for: .other) { connection throws(StorageError) in
            try connection.call(RedisCommand(words))
        }
    }

    private func perform(
        for purpose: ReadPurpose,
        _ work: @escaping @Sendable (RedisConnection) throws(StorageError) -> RedisReply
    ) async throws(StorageError) -> RedisReply {
        roundTrips.add(for: purpose)
        let feed = feed
        return try await threads.perform { connection throws(StorageError) in
            guard feed.agrees(with: connection.server.runID) else {
                connection.close()
                throw .lostRedis
            }
            return try work(connection)
        }
    }
}

/// An answer for which Redis has to know a user.
enum RedisAnswer<Value: Sendable>: Sendable {
    case value(Value)
    /// Redis does not know the user, or not well enough: the accounts must tell.
    case unknown(PublicID)
}
