import Glibc

/// A few threads of low priority that do slow work for tasks, without a task's thread waiting.
///
/// They yield the processor to session checks (nice 10), take no signals, and end by themselves
/// once they are stopped.
final class HashingThreads: Sendable {
    /// What the threads subtract from their priority: at 10 a busy processor gives them about a
    /// tenth of the time of a thread at 0, so hashing goes on however many checks there are.
    static let niceness: Int32 = 10

    private let queue: HashingQueue

    /// Starts `count` threads for `capacity` jobs, waiting or running, and for `reserve` more that
    /// are preferred.
    init(count: Int, capacity: Int, reserve: Int = 0) {
        queue = HashingQueue(capacity: capacity, reserve: reserve)
        // A thread inherits the mask it is started under: there is no moment in which it could
        // take a signal.
        var all = sigset_t()
        var previous = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &previous)
        for _ in 0..<count { Self.start(on: queue) }
        unsafe pthread_sigmask(SIG_SETMASK, &previous, nil)
    }

    deinit { stop() }

    /// Does `work` on one of the threads and returns what it returned.
    ///
    /// The work is done even when the task is cancelled meanwhile.
    /// - Throws: `.busy` at once when there is no room, `.stopped` after `stop`, or the error of
    ///   `work`.
    func run<Value: Sendable>(
        _ priority: HashingPriority = .ordinary,
        _ work: @escaping @Sendable () throws(HashingError) -> Value
    ) async throws(HashingError) -> Value {
        let queue = queue
        let outcome: Result<Value, HashingError> = await withCheckedContinuation { continuation in
            do throws(HashingError) {
                let job: HashingQueue.Job = {
                    let outcome = Result(catching: work)
                    queue.finish()
                    continuation.resume(returning: outcome)
                }
                try queue.add(job, priority: priority)
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try outcome.get()
    }

    /// Takes no more work.
    ///
    /// What was taken is done and answered; this does not wait for it.
    func stop() {
        queue.close()
    }

    /// How many jobs have done their work.
    var finishedCount: Int { queue.counts.finished }

    /// How many jobs are waiting or running.
    var unfinishedCount: Int { queue.counts.unfinished }

    /// Starts a thread that nobody needs to join: it ends when the queue is closed and empty.
    private static func start(on queue: HashingQueue) {
        var thread = pthread_t()
        let argument = unsafe Unmanaged.passRetained(queue).toOpaque()
        let status = unsafe pthread_create(&thread, nil, runHashingJobs, argument)
        // Not a precondition, whose words a release does not print.
        guard status == 0 else {
            fatalError(unsafe "cannot start a hashing thread: \(String(cString: strerror(status)))")
        }
        pthread_detach(thread)
    }
}

/// Does the jobs of a queue: what each hashing thread is started with.
private func runHashingJobs(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    let queue = unsafe Unmanaged<HashingQueue>.fromOpaque(argument).takeRetainedValue()
    // On Linux a priority belongs to a thread, and 0 means the one that calls.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, HashingThreads.niceness)
    while let job = queue.next() { job() }
    return nil
}
