internal import CFastCGI
internal import CLinux
import Glibc
package import HTTP
internal import Synchronization

/// Answers one request.
///
/// It runs on a worker's thread, and the request must not outlive the call.
///
/// There is no way not to answer: a responder returns a response, and the worker sends it.
package typealias Responder = @Sendable (borrowing Request) async -> Response

/// A fixed number of worker threads behind one listening socket.
///
/// ```swift
/// let pool = try WorkerPool(
///     listener: .bind(path: "/run/hello/fcgi.sock"), workers: 16, report: { _ in }
/// ) { request in
///     var response = Response(status: 200)
///     response.add("Content-Type", "text/plain; charset=utf-8")
///     response.body = Array("Hello, \(request.parameter("REMOTE_ADDR") ?? "you")\n".utf8)
///     return response
/// }
/// // … wait for a signal …
/// pool.stop(within: 10)
/// ```
///
/// Before the first pool the program blocks the signals that it wants to handle itself: worker
/// threads block all of them, because one that interrupts libfcgi's read or write loses the
/// request.
package final class WorkerPool: Sendable {
    private let door: Door
    private let places: Places
    /// How many requests are served at the same time.
    package let workerCount: Int
    /// The threads that nobody has joined yet; each may be joined once.
    private let threads: Mutex<[pthread_t]>

    /// Starts the workers.
    ///
    /// - Throws: `.system` when the system gives no thread or descriptor.
    package init(
        listener: consuming Listener,
        workers: Int,
        report: @escaping @Sendable (WorkerEvent) -> Void,
        respond: @escaping Responder
    ) throws(ListenerError) {
        precondition(workers > 0, "a pool needs a worker")
        WorkerPool.prepareLibrary()
        door = try Door(listener)
        places = Places(workers: workers)
        var threads: [pthread_t] = []
        do throws(ListenerError) {
            threads.append(try unsafe startThread(running: placesThread, with: places))
            for number in 0..<workers {
                let worker = Worker(
                    door: door,
                    places: places,
                    number: number,
                    report: report,
                    respond: respond
                )
                threads.append(try unsafe startThread(running: workerThread, with: worker))
            }
        } catch {
            door.shut()
            places.close()
            for thread in threads { pthread_join(thread, nil) }
            throw error
        }
        workerCount = workers
        self.threads = Mutex(threads)
    }

    /// Lets no more requests in and waits for the ones in work to be answered.
    ///
    /// What waits in the socket's backlog stays there: behind systemd's socket the next process
    /// answers it. The call blocks its thread.
    ///
    /// - Returns: `false` when a request was still in work after `seconds`; the call may be
    ///   repeated.
    @discardableResult
    package func stop(within seconds: Int) -> Bool {
        door.shut()
        places.close()
        let deadline = ContinuousClock.now + .seconds(seconds)
        return threads.withLock { threads in
            // pthread_timedjoin_np(3) would follow the wall clock, which somebody may set, and of
            // pthread_clockjoin_np(3) the thread sanitizer does not know.
            while true {
                threads.removeAll { pthread_tryjoin_np($0, nil) == 0 }
                guard !threads.isEmpty, ContinuousClock.now < deadline else { break }
                usleep(WorkerPool.joinInterval)
            }
            return threads.isEmpty
        }
    }

    /// How long to wait before the next look whether a thread has ended, in microseconds.
    private static let joinInterval: UInt32 = 2000

    /// Whether the listening socket broke, so that nobody is served any more.
    package var hasLostSocket: Bool { door.isBroken }

    /// How far the workers have come: it moves whenever one of them begins a request, ends one, or
    /// sets one aside that has to wait.
    package var progress: UInt64 { places.progress }

    /// Whether a connection waits for a worker to accept it.
    package var hasWaitingConnection: Bool { door.hasWaitingConnection }

    /// Sets libfcgi up, once in a process.
    ///
    /// FCGX_Init takes over SIGPIPE, SIGUSR1 and SIGTERM with handlers of its own, even from a
    /// process that ignores them, and a worker interrupted by one loses its request; the default
    /// actions are put back, and SIGPIPE is ignored, so that writing to a peer that has gone is
    /// an error and not the end of the process.
    private static func prepareLibrary() { _ = libraryIsReady }

    private static let libraryIsReady: Bool = {
        let isReady = FCGX_Init() == 0
        signal(SIGPIPE, SIG_IGN)
        signal(SIGTERM, SIG_DFL)
        signal(SIGUSR1, SIG_DFL)
        return isReady
    }()
}

/// What a thread runs, as pthread_create(3) wants it.
private typealias ThreadEntry =
    @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?

/// Starts a thread with all signals blocked, for which `entry` lets go of the subject.
private func startThread(
    running entry: ThreadEntry,
    with subject: some AnyObject
) throws(ListenerError) -> pthread_t {
    var blocked = sigset_t()
    var previous = sigset_t()
    unsafe sigfillset(&blocked)
    unsafe pthread_sigmask(SIG_SETMASK, &blocked, &previous)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &previous, nil) }
    let context = unsafe Unmanaged.passRetained(subject)
    var thread = pthread_t()
    let status = unsafe pthread_create(&thread, nil, entry, context.toOpaque())
    guard status == 0 else {
        unsafe context.release()
        throw .system("pthread_create", status)
    }
    return thread
}

/// The entry point of a worker's thread.
private func workerThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context = unsafe context {
        unsafe pthread_setname_np(pthread_self(), "worker")
        unsafe Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().run()
    }
    return nil
}

/// The entry point of the thread that looks after the places.
private func placesThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context = unsafe context {
        unsafe pthread_setname_np(pthread_self(), "places")
        unsafe Unmanaged<Places>.fromOpaque(context).takeRetainedValue().watch()
    }
    return nil
}
