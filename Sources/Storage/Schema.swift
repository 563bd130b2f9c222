internal import GRDB
internal import Sessions

/// The tables of the database and the steps that lead to them.
///
/// # The file
/// An SQLite database in WAL mode, UTF-8, `application_id` 0x436F6174 ("Coat"). Times are whole
/// seconds since 1970-01-01T00:00:00Z, ids are 16 random bytes (`PublicID`), booleans are 0 or 1.
/// Text is exact: bytes in, the same bytes out, compared byte by byte. All tables are STRICT, and
/// WITHOUT ROWID, so a row is reached by its key in one descent of one tree.
///
/// # users: one row per account
/// - `id`: the public id; primary key.
/// - `username`: the name as it is shown.
/// - `email`: the email address as it is shown; null where there is none.
/// - `password_hash`: a PHC string.
/// - `disabled`: 1 when nobody may sign in and its sessions do not count.
/// - `created_at`: when the account was made.
///
/// # account_names: what an account is found by
/// - `key`: a username or email address after NFKC and case folding (`NameKey`); primary key, so
///   no name of one account is the name of another, in either role.
/// - `user_id`: the account.
///
/// # user_groups: who belongs to what
/// - `user_id`, `name`: together the primary key. A name is not empty and holds no U+001F, with
///   which the names of a user are joined when they are read.
///
/// # sessions: one row per signed-in device
/// - `key`: SHA-256 of the ticket, 32 bytes; primary key. The ticket itself is nowhere.
/// - `id`: the public id; unique.
/// - `user_id`: the account; indexed, to count and end the sessions of one account.
/// - `created_at`, `authenticated_at`, `last_seen_at`, `expires_at`: times. `last_seen_at` only
///   ever grows.
/// - `idle_limit`: how many seconds it may stay unused.
/// - `remembered`: 1 when the person asked to be remembered.
/// - `client_address`, `user_agent`: where it began, and in what.
///
/// A session is over at `now >= expires_at` or `now - last_seen_at >= idle_limit`. No index serves
/// that: the sweep walks the primary key in steps.
///
/// Deleting a user deletes the names, the groups and the sessions with it.
///
/// # grdb_migrations: the steps that were taken
/// - `identifier`: `v1`, …; one that this program does not know means that a newer one was here.
enum Schema {
    /// What `PRAGMA application_id` says of our files: "Coat" in ASCII.
    static let applicationID: Int64 = 0x436F_6174

    /// The steps from an empty file to the tables above; one that was published never changes.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: v1)
        }
        return migrator
    }

    /// Refuses a file that belongs to another program or to a newer version of this one.
    ///
    /// It runs before anything is written, so such a file stays as it is; and in one transaction,
    /// since another process may be making the tables at this moment.
    static func refuseForeign(_ db: Database) throws {
        try db.inTransaction(.deferred) {
            let id = try Int64.fetchOne(db, sql: "PRAGMA application_id")
            if id == applicationID {
                guard try !migrator.hasBeenSuperseded(db) else { throw newer }
            } else {
                let isEmpty = try Row.fetchOne(db, sql: tablesOfOthers) == nil
                guard id == 0, isEmpty else { throw foreign }
            }
            return .commit
        }
    }

    private static let newer = StorageError.unavailable(
        code: "schema",
        detail: "the database was made by a newer version of coatcheck"
    )

    private static let foreign = StorageError.unavailable(
        code: "schema",
        detail: "the file is the database of another program"
    )

    /// Tables that are there in a file that is not ours yet; GRDB makes some before our first step.
    private static let tablesOfOthers = """
        SELECT 1 FROM sqlite_schema WHERE tbl_name NOT GLOB 'grdb_*'
        """

    private static let v1 = """
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
