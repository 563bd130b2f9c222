package import Sessions

extension SQLStorage {
    /// Removes expired sessions among the next `limit` records after `cursor`.
    ///
    /// They are looked for beside any writing, and a transaction is begun only when there are some.
    /// Each is judged once more when it is removed: it may have been used meanwhile. One that
    /// somebody else is changing is left to the next sweep.
    package func removeExpired(
        at now: Timestamp,
        after cursor: TokenDigest?,
        limit: Int
    ) async throws(StorageError) -> Sweep {
        let limit = max(1, limit)
        let rows = try await read(for: .other) { db in
            try db.all(
                """
                SELECT key, \(Self.isExpiredSQL) FROM sessions WHERE key > ?1 ORDER BY key LIMIT ?3
                """,
                [.bytes(cursor?.bytes ?? []), .time(now), .count(limit)]
            ) { row in
                (key: try row.tokenDigest(at: 0), isExpired: try row.integer(at: 1) == 1)
            }
        }
        let end = rows.count == limit ? rows.last?.key : nil
        let expired = rows.filter(\.isExpired).map(\.key)
        guard !expired.isEmpty else { return Sweep(removed: [], cursor: end) }
        let condition = Connection.dialect.unlocked("key = ?1 AND \(Self.isExpiredSQL)")
        let removed = try await write(to: .rows) { db in
            try expired.flatMap { key in
                try db.end(
                    where: condition,
                    [.key(key), .time(now)],
                    at: now
                ).map(\.key)
            }
        }
        return Sweep(removed: removed, cursor: end)
    }

    /// Returns what a key was of which the session has ended, or goes on under another key.
    package func ended(
        _ key: TokenDigest,
        since time: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await read(for: .other) { db in
            try db.first(
                "SELECT key, id, user_id FROM ended_sessions WHERE key = ? AND ended_at >= ?",
                [.key(key), .time(time)]
            ) { row in try EndedSession(row) }
        }
    }

    /// Forgets at most `limit` of the keys that ended before a time, the oldest first.
    package func forgetEnded(
        before time: Timestamp,
        limit: Int
    ) async throws(StorageError) -> Int {
        try await write(to: .rows) { db in
            try db.change(
                """
                DELETE FROM ended_sessions WHERE key IN (
                    SELECT key FROM ended_sessions WHERE ended_at < ? ORDER BY ended_at LIMIT ?
                )
                """,
                [.time(time), .count(max(0, limit))]
            )
        }
    }

    /// Returns how many sessions are stored.
    ///
    /// The database counts the entries of the smallest index: some 50 ms for a million.
    package func sessionCount() async throws(StorageError) -> Int {
        try await read(for: .everything) { db in
            let count = try db.first("SELECT count(*) FROM sessions", []) { row in
                try row.integer(at: 0)
            }
            return Int(count ?? 0)
        }
    }

    /// Whether a session is over at `?2` for certain.
    ///
    /// The idle limit must have passed by more than the stored last-seen time may lag
    /// (`SessionPolicy.touchInterval(idleLimit:)`).
    private static var isExpiredSQL: String {
        """
        (expires_at <= ?2 OR ?2 - last_seen_at
            - \(Connection.dialect.lesser)(\(SessionPolicy.touchInterval), idle_limit / 10)
            > idle_limit)
        """
    }
}
