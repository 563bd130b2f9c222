internal import CLinux
import Glibc
package import Sessions

/// A few threads that each hold a connection to an engine, and do what tasks ask of it.
///
/// A task that asks is suspended, so its worker's thread and place are free meanwhile
/// (`FastCGI.Worker`); the connection's thread waits.
///
/// Promises
/// 1. What could not be begun in `patience` is not begun any more; it is refused when a thread
///    comes to it. What is done on a connection keeps to the time that it has for each answer, so
///    work of several round trips, or over a whole table, takes as many times as long.
/// 2. When the engine cannot be reached, everybody is told so at once, those who wait and those who
///    come, until it is reached again. One of the threads tries that ten times a second. A thread
///    that is refused a connection where others have one leaves the work to those.
///    An engine that has not answered a call in time cannot be reached, unless it has answered
///    others in the last second: then one thing was slow, and nobody else is refused.
/// 3. A connection on which something has failed is closed and made anew before it is used again.
///    A call is never repeated: what was sent may have been done.
package final class EngineThreads<Connection: EngineConnection>: Sendable {
    /// How long a call waits for a free connection before it is refused.
    package static var patience: Duration { .seconds(2) }

    /// How often an engine that cannot be reached is tried.
    static var retryInterval: Duration { .milliseconds(100) }

    private let line: EngineLine<Connection>
    /// Those that nobody has joined or let go of.
    private let threads: Locked<[pthread_t]>

    /// Starts `count` threads, which connect when they are first needed.
    package init(count: Int, connect: @escaping @Sendable () throws(StorageError) -> Connection) {
        let line = EngineLine(connect: connect)
        self.line = line
        threads = Locked((0..<max(1, count)).map { Self.start(on: line, number: $0) })
    }

    deinit { close() }

    /// Does `work` with a connection, on its thread.
    ///
    /// - Throws: `.unavailable` when there is no connection to be had, or the error of `work`.
    package func perform<Value: Sendable>(
        _ work: @escaping @Sendable (Connection) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let line = line
        let outcome: Result<Value, StorageError> = await withCheckedContinuation { continuation in
            line.add(
                EngineLine.Job(
                    deadline: Deadline(in: Self.patience),
                    run: { connection in
                        let outcome = Result { () throws(StorageError) in try work(connection) }
                        return { continuation.resume(returning: outcome) }
                    },
                    refuse: { continuation.resume(returning: .failure($0)) }
                )
            )
        }
        return try outcome.get()
    }

    /// Whether calls are answered at all, as far as is known.
    package var isReachable: Bool { line.isReachable }

    /// How many connections were made beyond the first of each thread.
    package var reconnects: Int { line.reconnects }

    /// Takes no more work and waits until the connections are closed and the threads have ended.
    ///
    /// What waits for the engine fails at once, so that takes no longer when the engine is silent.
    /// Only a thread that looks up the name of a host cannot be called back: after half a second
    /// it is let go of.
    ///
    /// Whoever ends the process calls this first. Libraries take down in exit(3) what a thread that
    /// connects or closes a connection still uses.
    package func close() {
        line.close()
        let deadline = ContinuousClock.now + Self.farewell
        var rest = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        // Work may hold the last reference: a thread does not wait for itself.
        let own = rest.firstIndex { pthread_equal($0, pthread_self()) != 0 }
        if let own { pthread_detach(rest.remove(at: own)) }
        // Of pthread_clockjoin_np(3) the thread sanitizer does not know.
        while true {
            rest.removeAll { pthread_tryjoin_np($0, nil) == 0 }
            guard !rest.isEmpty, ContinuousClock.now < deadline else { break }
            usleep(1000)
        }
        for thread in rest { pthread_detach(thread) }
    }

    /// How long threads are waited for that do not end.
    private static var farewell: Duration { .milliseconds(500) }

    private static func start(on line: EngineLine<Connection>, number: Int) -> pthread_t {
        // A thread inherits the mask it is started under: it takes no signal.
        var all = sigset_t()
        var previous = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &previous, nil) }
        let body = ThreadBody { line.serve(isProber: number == 0) }
        var thread = pthread_t()
        let argument = unsafe Unmanaged.passRetained(body).toOpaque()
        let status = unsafe pthread_create(&thread, nil, runThreadBody, argument)
        guard status == 0 else {
            fatalError(unsafe "cannot start a thread: \(String(cString: strerror(status)))")
        }
        return thread
    }
}

/// What a thread is started with.
final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}

/// Runs a body once: what each thread here is started with.
func runThreadBody(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
