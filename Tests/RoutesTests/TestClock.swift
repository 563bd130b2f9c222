import Sessions
import Synchronization

/// The server's clock, which stands still until a test moves it.
final class TestClock: Sendable {
    private let seconds: Atomic<Int64>

    /// Starts at 2026-01-31T12:00:00Z.
    init() {
        seconds = Atomic(1_769_860_800)
    }

    /// What the clock shows.
    var now: Timestamp { Timestamp(seconds: seconds.load(ordering: .sequentiallyConsistent)) }

    /// Lets time pass.
    func advance(by duration: Int64) {
        seconds.add(duration, ordering: .sequentiallyConsistent)
    }
}
