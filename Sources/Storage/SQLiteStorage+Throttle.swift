package import Accounts
internal import Foundation
internal import GRDB
package import Sessions

extension SQLiteStorage: ThrottleStorage {
    package func throttleEntries(limit: Int) async throws(StorageError) -> [ThrottleEntry] {
        try read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT scope, key, failures, last_try_at FROM throttle
                    ORDER BY last_try_at DESC LIMIT ?
                    """
            )
            return try statement.all([max(0, limit)], ThrottleEntry.init)
        }
    }

    package func write(_ entries: [ThrottleEntry]) async throws(StorageError) {
        guard !entries.isEmpty else { return }
        try await commits.perform { db in
            let removal = try db.cachedStatement(
                sql: "DELETE FROM throttle WHERE scope = ? AND key = ?"
            )
            let replacement = try db.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO throttle (scope, key, failures, last_try_at)
                    VALUES (?, ?, ?, ?)
                    """
            )
            for entry in entries {
                let (scope, key) = (entry.key.scope.rawValue, Data(entry.key.bytes))
                if entry.failures > 0 {
                    try replacement.run([
                        scope, key, entry.failures, entry.lastTryAt.seconds,
                    ])
                } else {
                    try removal.run([scope, key])
                }
            }
        }
    }

    package func removeThrottleEntries(before time: Timestamp) async throws(StorageError) {
        try await commits.perform { db in
            try db.cachedStatement(sql: "DELETE FROM throttle WHERE last_try_at < ?")
                .run([time.seconds])
        }
    }
}

extension ThrottleEntry {
    /// Reads the columns scope, key, failures and time of the last try.
    fileprivate init(_ row: Columns) throws {
        guard let scope = Int(exactly: try row.integer(at: 0)),
            let failures = Int(exactly: try row.integer(at: 2)),
            let key = ThrottleKey(scope: scope, bytes: row.bytes(at: 1))
        else { throw StorageError(.SQLITE_CORRUPT) }
        self.init(
            key: key,
            failures: failures,
            lastTryAt: Timestamp(seconds: try row.integer(at: 3))
        )
    }
}
