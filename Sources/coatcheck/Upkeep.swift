internal import Accounts
internal import Sessions
internal import Storage
internal import Telemetry

/// What happens beside the requests: the timers of the store.
///
/// None of them holds up a check: they run on the shared threads, in small steps, and a step that
/// fails is tried again by the next one.
final class Upkeep: Sendable {
    private let round: Round
    private let timers: [Task<Void, Never>]

    /// For how long things are kept, in seconds.
    final class Spans: Sendable {
        /// How often expired things are removed.
        let sweep: Int64
        /// How long lines of the audit trail are kept.
        let audit: Int64
        /// How long a device is known after its last login.
        let knownDevice: Int64
        /// How long a counter of failed tries is kept after the last one.
        let throttle: Int64

        init(sweep: Int64, audit: Int64, knownDevice: Int64, throttle: Int64) {
            self.sweep = sweep
            self.audit = audit
            self.knownDevice = knownDevice
            self.throttle = throttle
        }
    }

    /// How often last-seen times are written.
    private static let useInterval = Duration.seconds(5)

    /// How often the audit trail and the throttle's counters are written: what a crash can lose of
    /// them.
    private static let noteInterval = Duration.seconds(1)

    /// Starts the timers.
    init(
        storage: any StorageEngine,
        sessions: SessionStore,
        throttle: LoginThrottle,
        recorder: Recorder,
        spans: Spans,
        now: @escaping @Sendable () -> Timestamp
    ) {
        let round = Round(
            storage: storage,
            sessions: sessions,
            throttle: throttle,
            recorder: recorder,
            spans: Current(spans),
            now: now
        )
        self.round = round
        // Others change storage: the cache does not count before they are heard.
        sessions.trustCache(until: .now)
        timers = [
            Self.task { await round.followChanges() },
            Self.task { await round.writeUses(every: Self.useInterval) },
            Self.task { await round.writeNotes(every: Self.noteInterval) },
            Self.task { await round.sweep(every: .seconds(spans.sweep)) },
        ]
    }

    /// Runs work on the shared threads and nowhere else.
    ///
    /// Without the preference a task that waits for a shard behind a worker's request would go on
    /// on that worker's thread, and hold its request up.
    private static func task(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: globalConcurrentExecutor, priority: .utility) { await work() }
    }

    /// Keeps things for other times from the next sweep on; how often it sweeps stays as it was.
    func update(_ spans: Spans) {
        round.spans.replace(with: spans)
    }

    /// Stops the timers and writes what has gathered.
    func stop() async {
        for timer in timers { timer.cancel() }
        for timer in timers { await timer.value }
        await round.writeUses()
        await round.writeNotes()
    }
}

/// The work of the timers.
private struct Round: Sendable {
    let storage: any StorageEngine
    let sessions: SessionStore
    let throttle: LoginThrottle
    let recorder: Recorder
    let spans: Current<Upkeep.Spans>
    let now: @Sendable () -> Timestamp

    /// How many stored records one step of a sweep looks at: some milliseconds of the writer.
    private static let step = 500

    /// Drops from the cache what other processes change, and keeps it empty while that cannot be
    /// known.
    func followChanges() async {
        var isLost = false
        while !Task.isCancelled {
            do throws(StorageError) {
                let changes = try await storage.changesOfOthers()
                await follow(changes)
                if let proof = storage.feedProof { sessions.trustCache(until: proof + Self.trust) }
                if isLost {
                    await sessions.resumeCaching()
                    recorder.record(.changeFeedBack)
                    isLost = false
                }
            } catch {
                if !isLost {
                    await sessions.suspendCaching()
                    // The program closes it itself when it ends, which is no failure.
                    if case .unavailable("closed", _) = error { return }
                    let (code, detail) = error.cause
                    recorder.record(
                        .storageFailed(code: code, detail: detail, during: "change feed")
                    )
                    recorder.record(.changeFeedLost)
                    isLost = true
                }
                _ = await pause(Self.feedPause)
            }
        }
    }

    /// For how long the cache counts after every change was known: what others change holds within
    /// a fifth of a second, also when this program was stopped meanwhile.
    private static let trust = Duration.milliseconds(200)

    /// How long the feed is left alone after it failed.
    private static let feedPause = Duration.milliseconds(20)

    /// Drops what has changed: the accounts last and together, since each look for those of an
    /// account is one through the whole cache, and the feed is not heard meanwhile.
    private func follow(_ changes: [StorageChange]) async {
        var users: Set<PublicID> = []
        for change in changes {
            switch change {
            case .session(let key): await sessions.forget(key)
            case .user(let id): users.insert(id)
            case .anything:
                recorder.record(.foreignChangesSeen)
                await sessions.forgetAll()
            }
        }
        if !users.isEmpty { await sessions.forget(users: users) }
    }

    /// Writes the last-seen times, again and again.
    func writeUses(every interval: Duration) async {
        while await pause(interval) { await writeUses() }
    }

    /// Writes the last-seen times that have gathered.
    func writeUses() async {
        await attempt("touch") { () throws(StorageError) in try await sessions.writeUses() }
    }

    /// Writes the audit trail and the throttle's counters, and finishes what was left half done,
    /// again and again.
    func writeNotes(every interval: Duration) async {
        while await pause(interval) {
            await attempt("settle") { () throws(StorageError) in try await storage.settle() }
            await writeNotes()
        }
    }

    /// Writes the lines of the audit trail and the throttle's counters that have gathered, and
    /// reads what other machines have counted last.
    ///
    /// What cannot be written is kept for the next time, as far as there is room.
    func writeNotes() async {
        let dropped = recorder.trail.takeDropped()
        if dropped > 0 { recorder.record(.auditDropped(count: dropped)) }
        var records = recorder.trail.take(atMost: Self.step)
        while !records.isEmpty {
            let batch = records
            let isWritten = await attempt("audit") { () throws(StorageError) in
                try await storage.append(batch)
            }
            guard isWritten else {
                recorder.trail.putBack(batch)
                break
            }
            records = recorder.trail.take(atMost: Self.step)
        }
        var entries = await throttle.unwritten()
        while !entries.isEmpty {
            let batch = entries
            let isWritten = await attempt("throttle") { () throws(StorageError) in
                try await storage.write(batch)
            }
            guard isWritten else { return }
            await throttle.confirm(batch)
            entries = await throttle.unwritten()
        }
        guard storage.isShared else { return }
        await attempt("throttle") { () throws(StorageError) in
            await throttle.merge(try await storage.throttleEntries(limit: Self.step))
        }
    }

    /// Removes what has expired, a few records at a time.
    func sweep(every interval: Duration) async {
        while await pause(interval) {
            await attempt("sweep") { () throws(StorageError) in
                try await sweepSessions()
                let now = now()
                let spans = spans.value
                try await repeating { () throws(StorageError) in
                    try await sessions.forgetEnded(at: now, limit: Self.step)
                }
                try await repeating { () throws(StorageError) in
                    let time = now + -spans.audit
                    return try await storage.removeAudit(before: time, limit: Self.step)
                }
                try await storage.removeExpiredLinks(at: now)
                try await storage.forgetDevices(before: now + -spans.knownDevice)
                try await storage.removeThrottleEntries(before: now + -spans.throttle)
            }
        }
    }

    private func sweepSessions() async throws(StorageError) {
        var cursor: TokenDigest?
        var removed = 0
        repeat {
            let swept = try await sessions.sweep(at: now(), after: cursor, limit: Self.step)
            cursor = swept.cursor
            removed += swept.removed
            await Task.yield()
        } while cursor != nil && !Task.isCancelled
        if removed > 0 { recorder.record(.swept(removed: removed)) }
    }

    /// Takes steps until one finds less to do than it could.
    private func repeating(
        _ step: () async throws(StorageError) -> Int
    ) async throws(StorageError) {
        while try await step() == Self.step, !Task.isCancelled { await Task.yield() }
    }

    /// Does something with storage; `false`, and an event, when that fails.
    @discardableResult
    private func attempt(
        _ operation: String,
        _ work: () async throws(StorageError) -> Void
    ) async -> Bool {
        do throws(StorageError) {
            try await work()
            return true
        } catch {
            let (code, detail) = error.cause
            recorder.record(.storageFailed(code: code, detail: detail, during: operation))
            return false
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
