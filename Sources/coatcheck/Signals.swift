import Glibc

/// The signals that end the program, taken by the main thread alone.
///
/// They are blocked everywhere and waited for in one place: a handler could run on any thread, in
/// the middle of anything.
struct Signals {
    private static let names: [(number: CInt, name: String)] = [
        (SIGTERM, "SIGTERM"), (SIGINT, "SIGINT"),
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

    /// Waits for one of them and returns its name.
    func wait() -> String {
        var set = set
        var number: CInt = 0
        unsafe sigwait(&set, &number)
        return Signals.names.first { $0.number == number }?.name ?? "signal \(number)"
    }
}
