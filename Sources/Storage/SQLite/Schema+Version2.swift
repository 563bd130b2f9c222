internal import Accounts
internal import GRDB

extension Schema {
    /// What the second version adds; it never changes.
    static let v2 = """
        ALTER TABLE users ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
        ALTER TABLE users ADD COLUMN email_key TEXT;
        ALTER TABLE users ADD COLUMN credential_version INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE users ADD COLUMN edit_version INTEGER NOT NULL DEFAULT 1;
        CREATE INDEX users_by_name ON users (name_key, email_key);
        CREATE INDEX user_groups_by_name ON user_groups (name);

        CREATE TABLE ended_sessions (
            key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
            id BLOB NOT NULL CHECK (length(id) = 16),
            user_id BLOB NOT NULL CHECK (length(user_id) = 16),
            ended_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX ended_sessions_by_time ON ended_sessions (ended_at);

        CREATE TABLE password_links (
            key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
            user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX password_links_by_user ON password_links (user_id);

        CREATE TABLE known_devices (
            user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            key BLOB NOT NULL CHECK (length(key) = 32),
            used_at INTEGER NOT NULL,
            has_returned INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (user_id, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX known_devices_by_time ON known_devices (used_at);

        CREATE TABLE throttle (
            scope INTEGER NOT NULL,
            key BLOB NOT NULL CHECK (length(key) = 16),
            failures INTEGER NOT NULL,
            last_try_at INTEGER NOT NULL,
            PRIMARY KEY (scope, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX throttle_by_time ON throttle (last_try_at);

        CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            event TEXT NOT NULL,
            user_id TEXT,
            done_by TEXT,
            session_id TEXT,
            address TEXT,
            request TEXT,
            detail TEXT NOT NULL
        ) STRICT;
        CREATE INDEX audit_by_time ON audit (at);
        CREATE INDEX audit_by_user ON audit (user_id, at) WHERE user_id IS NOT NULL;
        CREATE INDEX audit_by_actor ON audit (done_by, at) WHERE done_by IS NOT NULL;
        CREATE INDEX audit_by_event ON audit (event, at);

        CREATE TABLE probe (
            id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
            writes INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO probe (id, writes) VALUES (1, 0);
        """

    /// Gives the accounts of the first version the keys of their names.
    ///
    /// The key of the username is one of the account's names. Where it is not, which only a foreign
    /// hand can have brought about, the account is listed under the first of them.
    static func fillNameKeys(_ db: Database) throws {
        let db = SQLiteDatabase(db: db)
        let users = try db.all("SELECT id, username, email FROM users", []) { row in
            (
                id: try row.publicID(at: 0),
                name: AccountName.key(of: try row.text(at: 1)),
                email: try row.optionalText(at: 2).flatMap(AccountName.key)
            )
        }
        for user in users {
            try db.run(
                """
                UPDATE users SET email_key = CAST(?1 AS TEXT), name_key = coalesce(
                    (SELECT key FROM account_names
                        WHERE user_id = ?2 AND key = CAST(?3 AS TEXT)),
                    (SELECT min(key) FROM account_names WHERE user_id = ?2),
                    hex(?2)
                ) WHERE id = ?2
                """,
                [.text(user.email?.text), .id(user.id), .text(user.name?.text)]
            )
        }
    }
}

extension AccountName {
    /// The key of a stored name; `nil` when it is none.
    fileprivate static func key(of text: String) -> NameKey? {
        (try? AccountName(text))?.key
    }
}
