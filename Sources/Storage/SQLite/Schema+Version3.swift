extension Schema {
    /// What the third version changes; it never changes itself.
    ///
    /// The id of a session was unique by an index of its own, a page somewhere in the file for each
    /// session that begins or ends. It is asked for together with the user, so one index serves
    /// both. SQLite cannot drop the index of a constraint, so the table is made anew, row by row in
    /// the order of the key.
    static let v3 = """
        CREATE TABLE sessions_of_version_3 (
            key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
            id BLOB NOT NULL CHECK (length(id) = 16),
            user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            created_at INTEGER NOT NULL,
            authenticated_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            idle_limit INTEGER NOT NULL,
            remembered INTEGER NOT NULL CHECK (remembered IN (0, 1)),
            client_address TEXT NOT NULL,
            user_agent TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO sessions_of_version_3
            SELECT key, id, user_id, created_at, authenticated_at, last_seen_at, expires_at,
                idle_limit, remembered, client_address, user_agent
            FROM sessions ORDER BY key;
        DROP TABLE sessions;
        ALTER TABLE sessions_of_version_3 RENAME TO sessions;
        CREATE UNIQUE INDEX sessions_by_user ON sessions (user_id, id);
        """
}
