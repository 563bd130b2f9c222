package import Accounts
package import Sessions

extension SQLStorage {
    /// Remembers a device of an account, or that it was used again.
    ///
    /// Beyond the limit those go first that never came back, such as those of a script that keeps
    /// no cookies.
    package func remember(
        _ device: KnownDevice,
        keeping limit: Int
    ) async throws(StorageError) {
        try await write(to: .account(device.userID)) { db in
            let greater = Connection.dialect.greater
            try db.run(
                """
                INSERT INTO known_devices (user_id, key, used_at) VALUES (?, ?, ?)
                ON CONFLICT (user_id, key) DO UPDATE SET
                    used_at = \(greater)(known_devices.used_at, excluded.used_at),
                    has_returned = 1
                """,
                [.id(device.userID), .key(device.key), .time(device.usedAt)]
            )
            // A limit that no account reaches: not every database has OFFSET without LIMIT.
            try db.run(
                """
                DELETE FROM known_devices WHERE user_id = ?1 AND key IN (
                    SELECT key FROM known_devices WHERE user_id = ?1 AND key <> ?2
                    ORDER BY has_returned DESC, used_at DESC, key LIMIT 1000000 OFFSET ?3
                )
                """,
                [.id(device.userID), .key(device.key), .count(max(0, limit - 1))]
            )
        }
    }

    /// Returns the known devices of an account, the most recently used first.
    package func devices(of id: PublicID) async throws(StorageError) -> [KnownDevice] {
        try await read(for: .other) { db in
            try db.all(
                """
                SELECT key, used_at FROM known_devices WHERE user_id = ?
                ORDER BY used_at DESC, key
                """,
                [.id(id)]
            ) { row in
                KnownDevice(
                    key: try row.tokenDigest(at: 0),
                    userID: id,
                    usedAt: try row.time(at: 1)
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
        try await read(for: .other) { db in
            try db.first(
                "SELECT 1 FROM known_devices WHERE user_id = ? AND key = ? AND used_at >= ?",
                [.id(id), .key(key), .time(time)]
            ) { _ in true } != nil
        }
    }

    /// Removes devices that were last used before a time.
    package func forgetDevices(before time: Timestamp) async throws(StorageError) {
        try await write(to: .rows) { db in
            try db.run("DELETE FROM known_devices WHERE used_at < ?", [.time(time)])
        }
    }
}
