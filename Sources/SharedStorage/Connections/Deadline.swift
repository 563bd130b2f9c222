import Glibc

/// The moment by which an engine must have answered.
///
/// For a thread that is called back (`Recall`) it has come, whatever it was.
package struct Deadline: Comparable, Sendable {
    private let instant: ContinuousClock.Instant

    /// The moment so long from now.
    package init(in duration: Duration) {
        instant = .now + duration
    }

    /// A moment of the clock.
    init(at instant: ContinuousClock.Instant) {
        self.instant = instant
    }

    package static func < (earlier: Deadline, later: Deadline) -> Bool {
        earlier.instant < later.instant
    }

    /// Whether it has come.
    package var hasPassed: Bool { instant <= .now || Recall.current?.isCalled == true }

    /// What is left until then in whole milliseconds, rounded up, as poll(2) takes it; 0 when it
    /// has passed.
    private var milliseconds: Int32 {
        let left = (instant - .now).components
        let whole =
            left.seconds * 1000 + (left.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: max(0, whole))
    }

    /// Waits until a descriptor can be read from or written to, whichever `events` names
    /// (poll(2)); `false` when the moment has come before that.
    package func wait(for events: Int32, of descriptor: Int32) -> Bool {
        var entries = [pollfd(fd: descriptor, events: Int16(events), revents: 0)]
        return wait(for: &entries)
    }

    /// Waits until something happens to one of several descriptors, and notes there what (poll(2));
    /// `false` when the moment has come before that.
    func wait(for entries: inout [pollfd]) -> Bool {
        let recall = Recall.current
        if let recall {
            entries.append(pollfd(fd: recall.descriptor, events: Int16(POLLIN), revents: 0))
        }
        defer { if recall != nil { entries.removeLast() } }
        while true {
            let count = unsafe poll(&entries, nfds_t(entries.count), milliseconds)
            if count > 0 { return recall?.isCalled != true }
            guard count < 0, errno == EINTR else { return false }
        }
    }

    /// Waits until it has come.
    func wait() {
        var none: [pollfd] = []
        while !hasPassed, wait(for: &none) {}
    }
}
