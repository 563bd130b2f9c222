import Glibc
internal import Synchronization

/// Until when the cache may speak for storage.
final class CacheLease: Sendable {
    /// The end, in nanoseconds of the clock below; `max` before it was first renewed.
    private let end = Atomic(Int64.max)

    /// Whether it lasts.
    var isValid: Bool { CacheLease.now < end.load(ordering: .acquiring) }

    /// Lets it last until a moment.
    ///
    /// A process that is stopped in between of the two clocks' readings lets it end earlier.
    func renew(until instant: ContinuousClock.Instant) {
        let now = CacheLease.now
        let (seconds, attoseconds) = (instant - .now).components
        let length = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        end.store(now + length, ordering: .releasing)
    }

    /// The time since the machine started, also that which it slept (clock_gettime(2)).
    private static var now: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
