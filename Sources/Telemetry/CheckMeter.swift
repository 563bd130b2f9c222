internal import CLinux
import Synchronization

/// What is counted at every check.
///
/// It is counted once for each of 16 groups of processors, and added up when somebody reads it: two
/// processors that write to one cache line wait for each other, at every check.
struct CheckMeter: ~Copyable, Sendable {
    private static let stripeCount = 16
    private let stripes = InlineArray<16, Stripe> { _ in Stripe() }

    /// What some of the processors have counted.
    struct Stripe: ~Copyable, Sendable {
        /// The requests that were begun less those that were ended.
        let busyWorkers = Atomic(0)
        /// The answers, by their place in `Metrics.checkStatuses`.
        let statuses = InlineArray<6, Atomic<UInt64>> { _ in Atomic(0) }
        let durations = Histogram()
        /// Keeps the next stripe away from the last cache line of this one: 64 bytes on amd64 and
        /// arm64, of which the processor fetches two at a time.
        private let distance = InlineArray<16, UInt64>(repeating: 0)
    }

    /// Calls `body` with the stripe of the processor on which it is called.
    func withOwnStripe(_ body: (borrowing Stripe) -> Void) {
        body(stripes[Int(sched_getcpu()) & (CheckMeter.stripeCount - 1)])
    }

    /// The sum of a number over all stripes.
    func sum<Number: FixedWidthInteger>(_ number: (borrowing Stripe) -> Number) -> Number {
        (0..<CheckMeter.stripeCount).reduce(0) { $0 + number(stripes[$1]) }
    }
}
