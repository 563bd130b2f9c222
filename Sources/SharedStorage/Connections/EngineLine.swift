import Glibc
internal import Sessions

/// What waits for a connection to an engine, and whether the engine can be reached.
///
/// A pthread mutex and condition, because the threads must be able to sleep on it, and because
/// ThreadSanitizer does not see `Synchronization.Mutex` on Linux.
///
/// `@unchecked Sendable`: the state is only touched while the mutex is held.
@safe
final class EngineLine<Connection: EngineConnection>: @unchecked Sendable {
    /// What somebody asks for.
    struct Job: Sendable {
        /// By when it must be begun.
        let deadline: Deadline
        /// Does it; what it returns tells the caller.
        let run: @Sendable (Connection) -> @Sendable () -> Void
        /// Tells the caller why it is not done.
        let refuse: @Sendable (StorageError) -> Void
    }

    private struct State {
        var jobs: [Job] = []
        /// Why the engine cannot be reached; `nil` while it can, as far as is known.
        var outage: StorageError?
        /// Moved when the engine was found unreachable: connections from before count as lost.
        var era = 0
        /// How many connections of this era there are.
        var live = 0
        /// When a call was last answered.
        var lastAnswer: ContinuousClock.Instant?
        var isClosed = false
        var reconnects = 0
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let change = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state = State()
    private let recall = Recall()
    private let connect: @Sendable () throws(StorageError) -> Connection

    init(connect: @escaping @Sendable () throws(StorageError) -> Connection) {
        self.connect = connect
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(change, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(change)
        unsafe pthread_mutex_destroy(mutex)
        unsafe change.deallocate()
        unsafe mutex.deallocate()
    }

    // MARK: for those who ask

    func add(_ job: Job) {
        let refusal = withLock { state -> StorageError? in
            if state.isClosed { return .unavailable(code: "closed", detail: "stopping") }
            if let outage = state.outage { return outage }
            state.jobs.append(job)
            unsafe pthread_cond_signal(change)
            return nil
        }
        if let refusal { job.refuse(refusal) }
    }

    var isReachable: Bool { withLock { $0.outage == nil } }
    var reconnects: Int { withLock { $0.reconnects } }

    func close() {
        let jobs = withLock { state in
            state.isClosed = true
            defer { state.jobs = [] }
            unsafe pthread_cond_broadcast(change)
            return state.jobs
        }
        recall.call()
        for job in jobs { job.refuse(.unavailable(code: "closed", detail: "stopping")) }
    }

    // MARK: for the threads

    private static var silence: StorageError {
        .unavailable(code: "timeout", detail: "the engine does not answer")
    }

    /// How long ago an engine may have answered somebody else that has not answered a call in time,
    /// and counts as reachable: half the time that a call has, so that of the calls under way when
    /// an engine falls silent the first to be given up says so.
    private static var memory: Duration { .seconds(1) }

    /// What a thread is to do next.
    private enum Step {
        case work(Job, era: Int)
        case probe(era: Int)
        case end
    }

    /// Does what is asked for until the line is closed; the prober also looks whether an engine
    /// that could not be reached can be again.
    ///
    /// When the line is closed, whatever waits for the engine fails at once.
    func serve(isProber: Bool) {
        Recall.$current.withValue(recall) { serveUntilClosed(isProber: isProber) }
    }

    private func serveUntilClosed(isProber: Bool) {
        var connection: Connection?
        var era = 0
        var hasConnected = false
        func drop() {
            guard let lost = connection else { return }
            connection = nil
            lost.close()
            withLock { state in
                if era == state.era { state.live -= 1 }
            }
        }
        func renew(_ current: Int) throws(StorageError) -> Connection {
            if era != current { drop() }
            if let connection, connection.isUsable { return connection }
            drop()
            let new = try connect()
            connection = new
            era = current
            withLock { state in
                if hasConnected { state.reconnects += 1 }
                if era == state.era { state.live += 1 }
            }
            hasConnected = true
            return new
        }
        while true {
            switch next(isProber: isProber) {
            case .end:
                connection?.close()
                return
            case .probe(let current):
                Deadline(in: EngineThreads<Connection>.retryInterval).wait()
                guard (try? renew(current)) != nil else { continue }
                withLock { state in
                    state.outage = nil
                    unsafe pthread_cond_broadcast(change)
                }
            case .work(let job, let current):
                guard !job.deadline.hasPassed else {
                    job.refuse(.unavailable(code: "timeout", detail: "no connection was free"))
                    continue
                }
                let begin = ContinuousClock.now
                do throws(StorageError) {
                    let connection = try renew(current)
                    let tell = job.run(connection)
                    if connection.isUsable {
                        noteAnswer()
                    } else {
                        let isSilent = connection.hasTimedOut && !hasAnswered(since: begin)
                        drop()
                        if isSilent { declareOutage(Self.silence, seenIn: current) }
                    }
                    tell()
                } catch {
                    let isSilent = error.cause.code == "timeout" && !hasAnswered(since: begin)
                    if !isSilent, leave(job) {
                        // The engine serves others: it may have no room for one connection more.
                        Deadline(in: EngineThreads<Connection>.retryInterval).wait()
                    } else {
                        declareOutage(error, seenIn: current)
                        job.refuse(error)
                    }
                }
            }
        }
    }

    /// Leaves a job to the threads that have a connection; `false` when there are none.
    private func leave(_ job: Job) -> Bool {
        withLock { state in
            guard state.live > 0, !state.isClosed else { return false }
            state.jobs.insert(job, at: 0)
            unsafe pthread_cond_signal(change)
            return true
        }
    }

    /// Notes that the engine has answered a call.
    private func noteAnswer() {
        withLock { $0.lastAnswer = .now }
    }

    /// Whether the engine has answered others since then, and just now.
    private func hasAnswered(since begin: ContinuousClock.Instant) -> Bool {
        guard let last = withLock({ $0.lastAnswer }) else { return false }
        return last > begin && last > .now - Self.memory
    }

    /// Notes that the engine cannot be reached, and tells those who wait; nothing when it was
    /// reached anew since that was seen.
    private func declareOutage(_ error: StorageError, seenIn era: Int) {
        let jobs = withLock { state -> [Job] in
            guard state.era == era else { return [] }
            state.outage = error
            state.era += 1
            state.live = 0
            defer { state.jobs = [] }
            unsafe pthread_cond_broadcast(change)
            return state.jobs
        }
        for job in jobs { job.refuse(error) }
    }

    private func next(isProber: Bool) -> Step {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if state.isClosed { return .end }
            if state.outage != nil, isProber { return .probe(era: state.era) }
            if !state.jobs.isEmpty { return .work(state.jobs.removeFirst(), era: state.era) }
            unsafe pthread_cond_wait(change, mutex)
        }
    }

    private func withLock<Result>(_ body: (inout State) -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body(&state)
    }
}
