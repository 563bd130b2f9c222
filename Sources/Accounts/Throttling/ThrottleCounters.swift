internal import Sessions

/// The counters of one kind, at most so many.
///
/// Those that delay nobody yet and those that do have half the room each, and in each half those
/// that were touched least recently go first. So one try each for many names pushes out counters
/// that are short of a delay, which gives back a few free tries, and never one that delays: for
/// that as many others have to be brought to a delay first. A counter of an account and one of a
/// name without an account go by the same rule, so who is pushed out tells nothing.
struct ThrottleCounters {
    /// What is known of one key.
    struct Counter {
        /// How many tries have failed in a row, those that are under way included.
        var failures: Int
        /// When the last one was made.
        var lastTryAt: Timestamp
        /// When the one before that was made: what holds again once the last is taken back.
        var triedBefore: Timestamp
    }

    private var light: GenerationalCache<ThrottleKey, Counter>
    private var heavy: GenerationalCache<ThrottleKey, Counter>

    /// Creates room for at most `capacity` counters; for four at least.
    init(capacity: Int) {
        light = GenerationalCache(capacity: capacity / 2)
        heavy = GenerationalCache(capacity: capacity / 2)
    }

    /// How many there are.
    var count: Int { light.count + heavy.count }

    /// Finds a counter, which thereby is touched.
    mutating func find(_ key: ThrottleKey) -> Counter? {
        heavy[key] ?? light[key]
    }

    /// Keeps a counter, among those that delay when it does.
    mutating func keep(_ counter: Counter, for key: ThrottleKey, isDelaying: Bool) {
        if isDelaying {
            light[key] = nil
            heavy[key] = counter
        } else {
            heavy[key] = nil
            light[key] = counter
        }
    }

    /// Forgets a counter.
    mutating func remove(_ key: ThrottleKey) {
        light[key] = nil
        heavy[key] = nil
    }
}
