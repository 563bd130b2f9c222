import Glibc

/// The moment by which an engine must have answered.
package struct Deadline: Sendable {
    private let instant: ContinuousClock.Instant

    /// The moment so long from now.
    package init(in duration: Duration) {
        instant = .now + duration
    }

    /// Whether it has come.
    package var hasPassed: Bool { instant <= .now }

    /// What is left until then in whole milliseconds, rounded up, as poll(2) takes it; 0 when it
    /// has passed.
    package var milliseconds: Int32 {
        let left = (instant - .now).components
        let whole =
            left.seconds * 1000 + (left.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: max(0, whole))
    }

    /// Waits until a descriptor can be read from or written to, whichever `events` names
    /// (poll(2)); `false` when the moment has come before that.
    package func wait(for events: Int32, of descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let count = unsafe poll(&entry, 1, milliseconds)
            if count > 0 { return true }
            guard count < 0, errno == EINTR else { return false }
        }
    }
}
