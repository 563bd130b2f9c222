import Glibc

/// The signals that the program obeys, taken by the main thread alone.
///
/// They are blocked everywhere and waited for in one place: a handler could run on any thread, in
/// the middle of anything.
struct Signals {
    private static let names: [(number: CInt, name: String)] = [
        (SIGTERM, "SIGTERM"), (SIGINT, "SIGINT"), (SIGHUP, "SIGHUP"),
    ]

    private var set = sigset_t()

    /// Blocks the signals in this thread and in all that it will start.
    static func block() -> Signals {
        var signals = Signals()
        unsafe sigemptyset(&signals.set)
        for (number, _) in names { unsafe sigaddset(&signals.set, number) }
        unsafe pthread_sigmask(SIG_BLOCK, &signals.set, nil)
        return signals
    }

    /// What a signal asks for.
    enum Request {
        /// To end; the name of the signal is for the log.
        case stop(String)
        /// To read the settings again.
        case reload
    }

    /// Waits for one of them; `nil` when as much time has passed without one, if any was named.
    func wait(atMost limit: Duration?) -> Request? {
        var set = set
        let number: CInt
        if let limit {
            let (seconds, attoseconds) = limit.components
            var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
            number = unsafe sigtimedwait(&set, nil, &time)
        } else {
            number = unsafe sigwaitinfo(&set, nil)
        }
        // Nothing came, or the wait was interrupted, as by a debugger.
        guard number > 0 else { return nil }
        if number == SIGHUP { return .reload }
        return .stop(Signals.names.first { $0.number == number }?.name ?? "signal \(number)")
    }

    /// Has the program stop as if somebody had sent it SIGTERM; any thread may call it.
    @Sendable
    static func askToStop() { kill(getpid(), SIGTERM) }
}
