import Synchronization

/// How long something took, counted by ranges of time.
struct Histogram: ~Copyable, Sendable {
    /// The upper ends of the ranges in nanoseconds, from 1 µs to 1 s.
    ///
    /// A check that finds its session in memory takes some microseconds, one that reads storage
    /// some hundred, and one that waits for a busy worker milliseconds: three ends in each factor
    /// of ten tell these apart. Beyond 25 ms a check is merely late, so the ends lie further apart.
    static let ends: [Int64] = [
        1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
        2_500_000, 5_000_000, 10_000_000, 25_000_000, 100_000_000, 1_000_000_000,
    ]

    /// The counts of the ranges; the last is of what is beyond all ends.
    private let counts = InlineArray<17, Atomic<UInt64>> { _ in Atomic(0) }
    private let nanoseconds = Atomic<UInt64>(0)

    /// Counts one duration.
    ///
    /// A negative one, of a clock that went back, counts as nothing, and one of more than an hour
    /// as an hour, so that absurd ones do not bring the sum to its end.
    func add(nanoseconds duration: Int64) {
        let duration = min(max(0, duration), 3_600_000_000_000)
        var range = 0
        while range < 16, duration > Histogram.ends[range] { range += 1 }
        counts[range].wrappingAdd(1, ordering: .relaxed)
        nanoseconds.wrappingAdd(UInt64(duration), ordering: .relaxed)
    }

    /// How many durations were counted in a range, the last one being beyond all ends.
    func count(of range: Int) -> UInt64 { counts[range].load(ordering: .relaxed) }

    /// The sum of all durations.
    var nanosecondCount: UInt64 { nanoseconds.load(ordering: .relaxed) }
}
