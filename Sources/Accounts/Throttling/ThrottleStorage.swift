package import Sessions

/// Where the counters of failed tries outlive a restart.
///
/// Every conformer keeps these promises; the conformance suite checks each by its number.
/// 1. `write` replaces what was known of a counter; one without failures is removed.
/// 2. `throttleEntries` returns at most `limit` counters, those that were tried last first.
/// 3. `removeThrottleEntries` removes those whose last try was before a time.
package protocol ThrottleStorage: Sendable {
    /// Reads the counters.
    func throttleEntries(limit: Int) async throws(StorageError) -> [ThrottleEntry]

    /// Writes counters.
    func write(_ entries: [ThrottleEntry]) async throws(StorageError)

    /// Removes counters that nobody has touched since a time.
    func removeThrottleEntries(before time: Timestamp) async throws(StorageError)
}

/// A counter of failed tries.
package struct ThrottleEntry: Hashable, Sendable {
    /// What is counted.
    package let key: ThrottleKey
    /// How many tries have failed in a row, those that are under way included.
    package var failures: Int
    /// When the last one was made.
    package var lastTryAt: Timestamp

    /// Describes a counter.
    package init(key: ThrottleKey, failures: Int, lastTryAt: Timestamp) {
        self.key = key
        self.failures = failures
        self.lastTryAt = lastTryAt
    }
}
