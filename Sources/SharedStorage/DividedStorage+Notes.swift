internal import Sessions
internal import Storage

/// The notes in `changed_users`: which accounts have changed of which Redis may not have heard.
extension DividedStorage {
    /// Which accounts have notes that are older than a process takes that is alive, two seconds.
    ///
    /// The age is taken from the database's own clock, which wrote the time.
    func notes() async throws(StorageError) -> [PublicID] {
        try await accounts.read(for: .other) { db in
            try db.all(
                """
                SELECT user_id FROM changed_users
                WHERE changed_at < extract(epoch FROM now())::bigint - 2
                ORDER BY changed_at LIMIT 100
                """,
                []
            ) { try $0.publicID(at: 0) }
        }
    }

    /// Takes a note away, unless the account has changed again since.
    func removeNote(of state: RedisUser) async throws(StorageError) {
        let revision = state.user == nil ? Int64.max : state.revision
        try await accounts.write(to: .rows) { db in
            _ = try db.run(
                "DELETE FROM changed_users WHERE user_id = ? AND revision <= ?",
                [.id(state.id), .integer(revision)]
            )
        }
    }
}
