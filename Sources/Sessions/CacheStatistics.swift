/// What the cache of sessions has done since the start.
package struct CacheStatistics: Hashable, Sendable {
    /// How many sessions it holds.
    package var entries = 0
    /// How many bytes they take, and what was given up since the cache was last emptied.
    package var bytes = 0
    /// How many checks it has answered.
    package var hits = 0
    /// How many checks had to ask storage.
    package var misses = 0
    /// How often it was emptied because others had changed storage, or might have.
    package var flushes = 0
}
