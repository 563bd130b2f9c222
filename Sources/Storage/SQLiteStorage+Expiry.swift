internal import Foundation
internal import GRDB
package import Sessions

extension SQLiteStorage {
    /// Removes expired sessions among the next `limit` records after `cursor`.
    ///
    /// They are looked for on a reading connection, and the write lock is taken only when there are
    /// some. Each is judged once more when it is removed: it may have been used meanwhile.
    package func removeExpired(
        at now: Timestamp,
        after cursor: TokenDigest?,
        limit: Int
    ) async throws(StorageError) -> Sweep {
        let step = try visit(at: now, after: cursor, limit: limit)
        guard !step.expired.isEmpty else { return Sweep(removed: [], cursor: step.cursor) }
        let removed = try await commits.perform { db in
            try step.expired.flatMap { key in
                try Self.end(
                    where: "key = ?1 AND \(Self.isExpiredSQL)",
                    [key.stored, now.seconds],
                    at: now,
                    in: db
                ).map(\.key)
            }
        }
        return Sweep(removed: removed, cursor: step.cursor)
    }

    /// Returns what a key was of which the session has ended, or goes on under another key.
    package func ended(
        _ key: TokenDigest,
        since time: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try read { db in
            let sql = "SELECT key, id, user_id FROM ended_sessions WHERE key = ? AND ended_at >= ?"
            return try db.cachedStatement(sql: sql)
                .first([key.stored, time.seconds], EndedSession.init)
        }
    }

    /// Forgets at most `limit` of the keys that ended before a time, the oldest first.
    package func forgetEnded(
        before time: Timestamp,
        limit: Int
    ) async throws(StorageError) -> Int {
        try await commits.perform { db in
            let statement = try db.cachedStatement(
                sql: """
                    DELETE FROM ended_sessions WHERE key IN (
                        SELECT key FROM ended_sessions WHERE ended_at < ?
                        ORDER BY ended_at LIMIT ?
                    )
                    """
            )
            try statement.run([time.seconds, max(0, limit)])
            return db.changesCount
        }
    }

    /// Returns how many sessions are stored.
    ///
    /// SQLite counts the entries of the smallest index: some 50 ms for a million.
    package func sessionCount() async throws(StorageError) -> Int {
        try read { db in
            try Int.fetchOne(db.cachedStatement(sql: "SELECT count(*) FROM sessions")) ?? 0
        }
    }

    /// Whether a session is over at `?2` for certain.
    ///
    /// The idle limit must have passed by more than the stored last-seen time may lag
    /// (`SessionPolicy.touchInterval(idleLimit:)`).
    private static let isExpiredSQL = """
        (expires_at <= ?2 OR ?2 - last_seen_at
            - min(\(SessionPolicy.touchInterval), idle_limit / 10) > idle_limit)
        """

    /// The next records by key, and whether each is over.
    private static let visitSQL = """
        SELECT key, \(isExpiredSQL) FROM sessions WHERE key > ?1 ORDER BY key LIMIT ?3
        """

    /// Reads the keys of the expired records among the next ones.
    private func visit(
        at now: Timestamp,
        after cursor: TokenDigest?,
        limit: Int
    ) throws(StorageError) -> (expired: [TokenDigest], cursor: TokenDigest?) {
        try read { db in
            let rows = try db.cachedStatement(sql: Self.visitSQL).all(
                [cursor?.stored ?? Data(), now.seconds, max(1, limit)]
            ) { row in
                (key: try row.tokenDigest(at: 0), isExpired: try row.integer(at: 1) == 1)
            }
            let expired = rows.filter(\.isExpired).map(\.key)
            return (expired, rows.count == max(1, limit) ? rows.last?.key : nil)
        }
    }
}
