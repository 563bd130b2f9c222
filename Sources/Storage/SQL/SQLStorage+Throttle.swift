package import Accounts
package import Sessions

extension SQLStorage {
    /// Reads the counters.
    package func throttleEntries(limit: Int) async throws(StorageError) -> [ThrottleEntry] {
        try await read(for: .other) { db in
            try db.all(
                """
                SELECT scope, key, failures, last_try_at FROM throttle
                ORDER BY last_try_at DESC LIMIT ?
                """,
                [.count(max(0, limit))]
            ) { row in try ThrottleEntry(row) }
        }
    }

    /// Writes counters.
    package func write(_ entries: [ThrottleEntry]) async throws(StorageError) {
        guard !entries.isEmpty else { return }
        try await write(to: .rows) { db in
            // In one order everywhere: two writers that meet do not wait for each other.
            for entry in entries.sorted(by: { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }
            ) {
                let (scope, key) = (SQLValue.count(entry.key.scope.rawValue), entry.key.bytes)
                if entry.failures > 0 {
                    try db.run(
                        """
                        INSERT INTO throttle (scope, key, failures, last_try_at)
                        VALUES (?, ?, ?, ?)
                        ON CONFLICT (scope, key) DO UPDATE SET failures = excluded.failures,
                            last_try_at = excluded.last_try_at
                        """,
                        [scope, .bytes(key), .count(entry.failures), .time(entry.lastTryAt)]
                    )
                } else {
                    try db.run(
                        "DELETE FROM throttle WHERE scope = ? AND key = ?",
                        [scope, .bytes(key)]
                    )
                }
            }
        }
    }

    /// Removes counters that nobody has touched since a time.
    package func removeThrottleEntries(before time: Timestamp) async throws(StorageError) {
        try await write(to: .rows) { db in
            try db.run("DELETE FROM throttle WHERE last_try_at < ?", [.time(time)])
        }
    }
}

extension ThrottleEntry {
    /// Reads the columns scope, key, failures and time of the last try.
    fileprivate init(_ row: some SQLRow) throws {
        guard let scope = Int(exactly: try row.integer(at: 0)),
            let failures = Int(exactly: try row.integer(at: 2)),
            let key = ThrottleKey(scope: scope, bytes: try row.bytes(at: 1))
        else { throw StorageError.damaged }
        self.init(key: key, failures: failures, lastTryAt: try row.time(at: 3))
    }
}
