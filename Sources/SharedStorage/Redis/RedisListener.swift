internal import Sessions
internal import Storage

/// The connection that the server tells of changes.
///
/// The protocol that hiredis knows (RESP2) has no place for news on a connection that asks for
/// data, so this one does nothing else: it is in Pub/Sub mode, and directs what it tracks to
/// itself.
final class RedisListener: EngineConnection {
    /// How many changes are told at once: the rest comes with the next call.
    private static let most = 10_000

    private let connection: RedisConnection
    private let keys: RedisKeys
    private var heartbeat: Heartbeat
    private var isFresh = true
    private(set) var isUsable = true

    /// Not even a feed that is silent means that the server cannot be reached: the data connections
    /// find that out.
    let hasTimedOut = false

    /// Connects and listens; whatever is written from then on is told.
    init(through door: RedisDoor, _ keys: RedisKeys) throws(StorageError) {
        self.keys = keys
        connection = try RedisConnection(through: door)
        heartbeat = Heartbeat()
        do throws(StorageError) {
            let id = try connection.call(RedisCommand("CLIENT", "ID")).number
            let tracking = ["CLIENT", "TRACKING", "ON", "REDIRECT", "\(id)", "BCAST"]
            let prefixes = ["s:", "u:"].flatMap { [Array("PREFIX".utf8), keys.key($0)] }
            _ = try connection.call(RedisCommand(tracking.map { Array($0.utf8) } + prefixes))
            _ = try connection.call(RedisCommand("SUBSCRIBE", Self.channel))
        } catch {
            connection.close()
            throw error
        }
    }

    private static let channel = "__redis__:invalidate"

    /// When the last question was asked that has been answered.
    var lastProof: ContinuousClock.Instant { heartbeat.lastProof }

    /// Which process it hears.
    var runID: String { connection.server.runID }

    func close() {
        isUsable = false
        connection.close()
    }

    /// Waits for changes, for the answer to a question, or for so long; returns what there was,
    /// each once.
    ///
    /// - Throws: `unavailable` when not all may have been told: the server is silent, the
    ///   connection is lost, or `isDoubted` says so.
    func changes(
        within duration: Duration,
        isDoubted: () -> Bool
    ) throws(StorageError) -> [StorageChange] {
        guard !isFresh else {
            isFresh = false
            return [.anything]
        }
        do throws(StorageError) {
            let end = Deadline(in: duration)
            let proof = lastProof
            var found: Set<StorageChange> = []
            while true {
                guard !isDoubted() else { throw .lostRedis }
                // What has come is taken before it is judged whether anything has.
                while found.count < Self.most,
                    let reply = try connection.hear(by: Deadline(in: .zero))
                {
                    try take(reply, into: &found)
                }
                try ask()
                guard found.isEmpty, lastProof == proof, !end.hasPassed else {
                    return Array(found)
                }
                let pause = min(end, heartbeat.next)
                if let reply = try connection.hear(by: pause) { try take(reply, into: &found) }
            }
        } catch {
            isUsable = false
            throw error
        }
    }

    /// Looks whether the server does tell of what another connection writes.
    ///
    /// - Throws: `unavailable` with `settings` when it does not: behind a proxy, or in a server
    ///   that only looks like Redis, tracking may be without effect.
    func tryOut(by writer: RedisConnection, name: String = "s:") throws(StorageError) {
        // A name that is none of a session's; nothing is left of it.
        let key = keys.key(name, Array("try".utf8))
        let commands = [[Array("SET".utf8), key, []], [Array("DEL".utf8), key]]
        for case .error(let message) in try writer.calls(commands.map(RedisCommand.init)) {
            throw StorageError(redis: message)
        }
        let deadline = Deadline(in: RedisConnection.connecting)
        while let reply = try connection.hear(by: deadline) {
            if case .list(let names)? = try reply.list.last, names.contains(.bytes(key)) { return }
        }
        throw .unavailable(
            code: "settings",
            detail: "this server does not tell of changes (CLIENT TRACKING … BCAST)"
        )
    }

    /// Asks whether all was told, where it is time for that.
    private func ask() throws(StorageError) {
        switch heartbeat.step() {
        case .nothing: break
        case .ask: try connection.send([RedisCommand("PING")], by: heartbeat.next)
        case .giveUp: throw .silentRedis
        }
    }

    /// Takes an answer, or news: a list of keys, or none when all of them are gone.
    private func take(
        _ reply: RedisReply,
        into found: inout Set<StorageChange>
    ) throws(StorageError) {
        let parts = try reply.list
        switch try parts.first?.text {
        case "pong":
            heartbeat.wasAnswered()
        case "message" where parts.count == 3:
            guard parts[2] != .none else {
                found.insert(.anything)
                return
            }
            for name in try parts[2].list {
                if let change = keys.change(of: try name.bytes) { found.insert(change) }
            }
        default: throw .oddRedis
        }
    }
}
