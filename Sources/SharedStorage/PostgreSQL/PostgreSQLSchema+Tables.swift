extension PostgreSQLSchema {
    /// The statements that make the tables of the first version; they never change.
    static let tables = [
        "CREATE TABLE coatcheck_schema (version bigint NOT NULL)",
        """
        CREATE TABLE users (
            id bytea NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
            username text COLLATE "C" NOT NULL,
            email text COLLATE "C",
            password_hash text COLLATE "C" NOT NULL,
            disabled smallint NOT NULL CHECK (disabled IN (0, 1)),
            created_at bigint NOT NULL,
            name_key text COLLATE "C" NOT NULL,
            email_key text COLLATE "C",
            credential_version bigint NOT NULL,
            edit_version bigint NOT NULL
        )
        """,
        "CREATE INDEX users_by_name ON users (name_key, email_key)",
        """
        CREATE TABLE account_names (
            key text COLLATE "C" NOT NULL PRIMARY KEY CHECK (key <> ''),
            user_id bytea NOT NULL REFERENCES users (id) ON DELETE CASCADE
        )
        """,
        "CREATE INDEX account_names_by_user ON account_names (user_id)",
        """
        CREATE TABLE user_groups (
            user_id bytea NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            name text COLLATE "C" NOT NULL CHECK (name <> '' AND strpos(name, chr(31)) = 0),
            PRIMARY KEY (user_id, name)
        )
        """,
        "CREATE INDEX user_groups_by_name ON user_groups (name)",
        """
        CREATE TABLE sessions (
            key bytea NOT NULL PRIMARY KEY CHECK (octet_length(key) = 32),
            id bytea NOT NULL CHECK (octet_length(id) = 16),
            user_id bytea NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            created_at bigint NOT NULL,
            authenticated_at bigint NOT NULL,
            last_seen_at bigint NOT NULL,
            expires_at bigint NOT NULL,
            idle_limit bigint NOT NULL,
            remembered smallint NOT NULL CHECK (remembered IN (0, 1)),
            client_address text COLLATE "C" NOT NULL,
            user_agent text COLLATE "C" NOT NULL
        ) WITH (fillfactor = 80)
        """,
        "CREATE UNIQUE INDEX sessions_by_user ON sessions (user_id, id)",
        """
        CREATE TABLE ended_sessions (
            key bytea NOT NULL PRIMARY KEY CHECK (octet_length(key) = 32),
            id bytea NOT NULL CHECK (octet_length(id) = 16),
            user_id bytea NOT NULL CHECK (octet_length(user_id) = 16),
            ended_at bigint NOT NULL
        )
        """,
        "CREATE INDEX ended_sessions_by_time ON ended_sessions (ended_at)",
        """
        CREATE TABLE password_links (
            key bytea NOT NULL PRIMARY KEY CHECK (octet_length(key) = 32),
            user_id bytea NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            expires_at bigint NOT NULL
        )
        """,
        "CREATE INDEX password_links_by_user ON password_links (user_id)",
        """
        CREATE TABLE known_devices (
            user_id bytea NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            key bytea NOT NULL CHECK (octet_length(key) = 32),
            used_at bigint NOT NULL,
            has_returned smallint NOT NULL DEFAULT 0,
            PRIMARY KEY (user_id, key)
        )
        """,
        "CREATE INDEX known_devices_by_time ON known_devices (used_at)",
        """
        CREATE TABLE throttle (
            scope bigint NOT NULL,
            key bytea NOT NULL CHECK (octet_length(key) = 16),
            failures bigint NOT NULL,
            last_try_at bigint NOT NULL,
            PRIMARY KEY (scope, key)
        )
        """,
        "CREATE INDEX throttle_by_time ON throttle (last_try_at)",
        """
        CREATE TABLE audit (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at bigint NOT NULL,
            event text COLLATE "C" NOT NULL,
            user_id text COLLATE "C",
            done_by text COLLATE "C",
            session_id text COLLATE "C",
            address text COLLATE "C",
            request text COLLATE "C",
            detail text COLLATE "C" NOT NULL
        )
        """,
        "CREATE INDEX audit_by_time ON audit (at, id)",
        "CREATE INDEX audit_by_user ON audit (user_id, at, id) WHERE user_id IS NOT NULL",
        "CREATE INDEX audit_by_actor ON audit (done_by, at, id) WHERE done_by IS NOT NULL",
        "CREATE INDEX audit_by_event ON audit (event, at, id)",
        """
        CREATE TABLE probe (
            id smallint NOT NULL PRIMARY KEY CHECK (id = 1),
            writes bigint NOT NULL
        )
        """,
        "INSERT INTO probe (id, writes) VALUES (1, 0)",
        """
        CREATE TABLE changed_users (
            user_id bytea NOT NULL PRIMARY KEY CHECK (octet_length(user_id) = 16),
            revision bigint NOT NULL,
            changed_at bigint NOT NULL
        )
        """,
    ]
}
