internal import Sessions
internal import Storage
internal import Telemetry

/// What happens beside the requests: the three timers of the store.
///
/// None of them holds up a check: they run on the shared threads, in small steps, and a step that
/// fails is tried again by the next one.
final class Upkeep: Sendable {
    private let round: Round
    private let timers: [Task<Void, Never>]

    /// How often changes by other processes are looked for: twice in the fifth of a second in
    /// which the contract promises that they hold.
    private static let feedInterval = Duration.milliseconds(100)

    /// How often last-seen times are written.
    private static let useInterval = Duration.seconds(5)

    /// How many stored sessions one step of a sweep looks at: some milliseconds of the writer.
    private static let sweepStep = 500

    /// Starts the timers; a sweep begins every `sweepInterval` seconds.
    init(
        storage: SQLiteStorage,
        sessions: SessionStore,
        sweepInterval: Int64,
        now: @escaping @Sendable () -> Timestamp,
        record: @escaping EventSink
    ) {
        let round = Round(storage: storage, sessions: sessions, now: now, record: record)
        self.round = round
        timers = [
            Self.task { await round.followChanges(every: Self.feedInterval) },
            Self.task { await round.writeUses(every: Self.useInterval) },
            Self.task { await round.sweep(every: .seconds(sweepInterval), step: Self.sweepStep) },
        ]
    }

    /// Runs work on the shared threads and nowhere else.
    ///
    /// Without the preference a task that waits for a shard behind a worker's request would go on
    /// on that worker's thread, and hold its request up.
    private static func task(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: globalConcurrentExecutor, priority: .utility) { await work() }
    }

    /// Stops the timers and writes the uses that have gathered.
    func stop() async {
        for timer in timers { timer.cancel() }
        for timer in timers { await timer.value }
        await round.writeUses()
    }
}

/// The work of the timers.
private struct Round: Sendable {
    let storage: SQLiteStorage
    let sessions: SessionStore
    let now: @Sendable () -> Timestamp
    let record: EventSink

    /// Empties the cache when another process has changed the database, and keeps it empty while
    /// that cannot be known.
    func followChanges(every interval: Duration) async {
        var isLost = false
        while await pause(interval) {
            do throws(StorageError) {
                let hasChanged = try await storage.hasForeignChanges()
                if hasChanged {
                    record(.foreignChangesSeen)
                    await sessions.forgetAll()
                }
                if isLost {
                    await sessions.resumeCaching()
                    record(.changeFeedBack)
                    isLost = false
                }
            } catch {
                if isLost { continue }
                await sessions.suspendCaching()
                record(.storageFailed(error, during: "change feed"))
                record(.changeFeedLost)
                isLost = true
            }
        }
    }

    /// Writes the last-seen times, again and again.
    func writeUses(every interval: Duration) async {
        while await pause(interval) { await writeUses() }
    }

    /// Writes the last-seen times that have gathered.
    func writeUses() async {
        do throws(StorageError) {
            try await sessions.writeUses()
        } catch {
            record(.storageFailed(error, during: "touch"))
        }
    }

    /// Removes expired sessions, a few at a time.
    func sweep(every interval: Duration, step: Int) async {
        while await pause(interval) {
            do throws(StorageError) {
                var cursor: TokenDigest?
                var removed = 0
                repeat {
                    let swept = try await sessions.sweep(at: now(), after: cursor, limit: step)
                    cursor = swept.cursor
                    removed += swept.removed
                    await Task.yield()
                } while cursor != nil && !Task.isCancelled
                if removed > 0 { record(.swept(removed: removed)) }
            } catch {
                record(.storageFailed(error, during: "sweep"))
            }
        }
    }

    /// Waits; `false` once the timers are stopped.
    private func pause(_ interval: Duration) async -> Bool {
        do {
            try await Task.sleep(for: interval)
            return true
        } catch {
            return false
        }
    }
}

extension Event {
    /// A failure of storage, as an event.
    fileprivate static func storageFailed(_ error: StorageError, during: String) -> Event {
        switch error {
        case .unavailable(let code, let detail):
            .storageFailed(code: code, detail: detail, during: during)
        case .duplicate, .unknownUser:
            .storageFailed(code: "unexpected", detail: "\(error)", during: during)
        }
    }
}
