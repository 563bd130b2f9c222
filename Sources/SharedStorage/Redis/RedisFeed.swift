internal import Sessions
internal import Storage

/// The changes in Redis, as it tells of them.
///
/// The server tells the feed's connection (`RedisListener`) of every key of ours that is written or
/// deleted, whoever does it and whoever has read it: CLIENT TRACKING in its broadcasting mode. That
/// rather than its other mode, in which it keeps for each connection what that has read. There a
/// data connection that the server has dropped unnoticed, say because it was idle, would leave its
/// sessions in the cache with nobody to tell of their end. Here one connection has to be alive, and
/// it is the one that is asked.
///
/// Why no session is served from a cache for longer than 200 ms after its end was acknowledged:
/// 1. The server puts the news on the way to the feed before the acknowledgement to whoever ended
///    the session, and answers a PING after all news from before it (one thread, one order). So
///    what is answered proves that all is told that was acknowledged before it was asked.
/// 2. It is asked every 50 ms. A question that is not answered in 150 ms throws, and then whoever
///    asks for changes empties the cache and keeps it empty. Whatever ended since the last question
///    that was answered is refused from then on, at most 200 ms after it was asked.
/// 3. A read that is under way meanwhile does not bring the session back: `SessionShard.admit` lets
///    in only what was read after the last thing that the feed told, and what was let in before
///    the news came is dropped by the news. Nothing is let in while the feed is lost. The first
///    call that succeeds after that comes after the new connection is told of everything, and says
///    that anything may have changed, so what was read before it is dropped, too.
/// 4. News and data come from one server. After a failover a data connection may have found the new
///    master while the feed hears the old one, or the other way round: every answer is held against
///    the process that the feed hears (`agrees`), and where they differ, both connect anew.
final class RedisFeed: Sendable {
    private let threads: EngineThreads<RedisListener>
    private let state = Locked(State())

    private struct State {
        /// Which process the feed hears; `nil` while it is lost.
        var runID: String?
        /// When the last question was asked that has been answered.
        var proof: ContinuousClock.Instant?
        /// Whether the feed must connect anew because data came from another process.
        var isDoubted = false
    }

    /// Makes a feed that connects when it is first asked.
    init(through door: RedisDoor, _ keys: RedisKeys) {
        let state = state
        threads = EngineThreads(count: 1) { () throws(StorageError) in
            let listener = try RedisListener(through: door, keys)
            state.withLock { $0 = State(runID: listener.runID, proof: listener.lastProof) }
            return listener
        }
    }

    /// Waits for changes, or for the proof that there are none; returns what there was, each once.
    ///
    /// Those that this process made itself are among them.
    ///
    /// - Throws: `unavailable` when it cannot be told; the first call after that which succeeds
    ///   says that it may be anything.
    func changes() async throws(StorageError) -> [StorageChange] {
        let state = state
        do throws(StorageError) {
            return try await threads.perform { listener throws(StorageError) in
                defer {
                    state.withLock {
                        // What noted the loss of an earlier connection may have come late.
                        $0.runID = listener.runID
                        $0.proof = listener.lastProof
                    }
                }
                return try listener.changes(within: .milliseconds(100)) {
                    state.withLock { $0.isDoubted }
                }
            }
        } catch {
            state.withLock { $0.runID = nil }
            throw error
        }
    }

    /// Whether data of a server's process may be cached: the feed hears it, or nothing is cached.
    ///
    /// Where the feed hears another process, it connects anew, and says that it was lost.
    func agrees(with runID: String) -> Bool {
        state.withLock { state in
            guard let heard = state.runID, heard != runID else { return true }
            state.isDoubted = true
            return false
        }
    }

    /// When everything was told, as far as is known; `nil` before the first time.
    var lastProof: ContinuousClock.Instant? { state.withLock { $0.proof } }

    /// How often the connection was made anew.
    var reconnects: Int { threads.reconnects }

    /// Ends it.
    func close() { threads.close() }
}
