package import Accounts
package import Sessions
package import Telemetry

/// Everything that the program keeps, wherever that is.
package protocol StorageEngine:
    AccountStorage, SessionStorage, ThrottleStorage, AuditStorage, Movable
{
    /// Waits for changes by other processes, or for the proof that there are none; returns what
    /// there was, each once, as soon as it is known.
    ///
    /// One caller asks again and again. What another process has acknowledged is told within a
    /// fifth of a second, or this throws, or `feedProof` is older than that.
    ///
    /// - Throws: `unavailable` when it cannot be told. Whatever is cached counts for nothing then,
    ///   until a later call returns; what happened in between counts as told.
    func changesOfOthers() async throws(StorageError) -> [StorageChange]

    /// When all was told that others had changed until then; `nil` before the first time.
    var feedProof: ContinuousClock.Instant? { get }

    /// Proves that storage can be written to, by writing to it.
    ///
    /// - Throws: `unavailable` with the code that other writes would get.
    func probe() async throws(StorageError)

    /// Returns whose session has a public id.
    func owner(ofSession id: PublicID) async throws(StorageError) -> PublicID?

    /// Does what an earlier change has left undone because its process ended half-way; called every
    /// second.
    func settle() async throws(StorageError)

    /// What the connections have done since the start; none where there are no connections.
    var connections: [ConnectionFigures] { get }

    /// Closes the connections and files; what is asked for afterwards fails with `closed`.
    func close() throws(StorageError)
}

extension StorageEngine {
    /// Whether other machines use it too.
    package var isShared: Bool { !connections.isEmpty }

    /// That of the feed which was silent for longest.
    package var feedProof: ContinuousClock.Instant? {
        connections.compactMap(\.feedProof).min()
    }
}

/// Where the audit trail is kept.
package protocol AuditStorage: Sendable {
    /// Writes lines of the audit trail: all of them, or none.
    func append(_ records: [AuditRecord]) async throws(StorageError)

    /// Reads at most `limit` lines of the audit trail that a filter lets through, the newest first,
    /// those before a position of an earlier page only.
    func audit(
        matching filter: AuditFilter,
        before position: StoredAudit.Position?,
        limit: Int
    ) async throws(StorageError) -> [StoredAudit]

    /// Removes at most `limit` of the lines of the audit trail from before a time, the oldest
    /// first; returns how many.
    func removeAudit(before time: Timestamp, limit: Int) async throws(StorageError) -> Int
}

extension AuditStorage {
    /// Reads the newest lines of the audit trail that a filter lets through.
    package func auditRecords(
        matching filter: AuditFilter,
        limit: Int
    ) async throws(StorageError) -> [AuditRecord] {
        try await audit(matching: filter, before: nil, limit: limit).map(\.record)
    }
}

/// What the connections to one engine have done since the start.
package struct ConnectionFigures: Hashable, Sendable {
    /// Which engine it is: `postgresql` or `redis`.
    package let engine: String
    /// Round trips for checks that the cache could not answer.
    package var checkRoundTrips = 0
    /// All other round trips.
    package var otherRoundTrips = 0
    /// Connections that were made anew after one was lost.
    package var reconnects = 0
    /// Whether calls are answered at all.
    package var isReachable = true
    /// When the feed of changes had told everything, as far as is known; `nil` for an engine that
    /// is not asked for any.
    package var feedProof: ContinuousClock.Instant?
    /// How many seconds ago that was.
    package var feedLag: Double? {
        feedProof.map { (ContinuousClock.now - $0) / .seconds(1) }
    }

    /// Describes an engine that has done nothing yet.
    package init(engine: String) {
        self.engine = engine
    }
}
