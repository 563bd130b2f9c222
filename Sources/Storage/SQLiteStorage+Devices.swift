package import Accounts
internal import GRDB
package import Sessions

extension SQLiteStorage {
    /// Remembers a device of an account, or that it was used again.
    ///
    /// Beyond the limit those go first that never came back, such as those of a script that keeps
    /// no cookies.
    package func remember(
        _ device: KnownDevice,
        keeping limit: Int
    ) async throws(StorageError) {
        try await commits.perform { db in
            try db.cachedStatement(
                sql: """
                    INSERT INTO known_devices (user_id, key, used_at) VALUES (?, ?, ?)
                    ON CONFLICT DO UPDATE SET
                        used_at = max(used_at, excluded.used_at), has_returned = 1
                    """
            ).execute(arguments: [
                device.userID.stored, device.key.stored, device.usedAt.seconds,
            ])
            try db.cachedStatement(
                sql: """
                    DELETE FROM known_devices WHERE user_id = :user AND key IN (
                        SELECT key FROM known_devices WHERE user_id = :user AND key <> :key
                        ORDER BY has_returned DESC, used_at DESC, key LIMIT -1 OFFSET :others
                    )
                    """
            ).execute(arguments: [
                "user": device.userID.stored, "key": device.key.stored, "others": max(0, limit - 1),
            ])
        }
    }

    /// Returns the known devices of an account, the most recently used first.
    package func devices(of id: PublicID) async throws(StorageError) -> [KnownDevice] {
        try read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT key, used_at FROM known_devices WHERE user_id = ?
                    ORDER BY used_at DESC, key
                    """
            )
            return try statement.all([id.stored]) { row in
                KnownDevice(
                    key: try row.tokenDigest(at: 0),
                    userID: id,
                    usedAt: Timestamp(seconds: try row.integer(at: 1))
                )
            }
        }
    }

    /// Says whether a device is known for an account, and was used at `time` or later.
    package func isKnown(
        device key: TokenDigest,
        of id: PublicID,
        since time: Timestamp
    ) async throws(StorageError) -> Bool {
        try read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT 1 FROM known_devices WHERE user_id = ? AND key = ? AND used_at >= ?"
            )
            return try statement.first([id.stored, key.stored, time.seconds]) { _ in true } != nil
        }
    }

    /// Removes devices that were last used before a time.
    package func forgetDevices(before time: Timestamp) async throws(StorageError) {
        try await commits.perform { db in
            try db.cachedStatement(sql: "DELETE FROM known_devices WHERE used_at < ?")
                .execute(arguments: [time.seconds])
        }
    }
}
