extension Schema {
    /// The tables of the first version; it never changes.
    static let v1 = """
        CREATE TABLE users (
            id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
            username TEXT NOT NULL,
            email TEXT,
            password_hash TEXT NOT NULL,
            disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE account_names (
            key TEXT NOT NULL PRIMARY KEY CHECK (key <> ''),
            user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX account_names_by_user ON account_names (user_id);

        CREATE TABLE user_groups (
            user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            name TEXT NOT NULL CHECK (name <> '' AND instr(name, char(31)) = 0),
            PRIMARY KEY (user_id, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE sessions (
            key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
            id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
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
        CREATE INDEX sessions_by_user ON sessions (user_id);
        """
}
