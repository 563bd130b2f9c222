internal import GRDB
internal import Sessions

/// The tables of the database and the steps that lead to them.
///
/// # The file
/// An SQLite database in WAL mode, UTF-8, `application_id` 0x436F6174 ("Coat"). Times are whole
/// seconds since 1970-01-01T00:00:00Z, ids are 16 random bytes (`PublicID`), booleans are 0 or 1,
/// keys are SHA-256 digests of 32 bytes of secrets that are nowhere else. Text is exact: bytes in,
/// the same bytes out, compared byte by byte. All tables are STRICT, and all but `audit` WITHOUT
/// ROWID, so a row is reached by its key in one descent of one tree.
///
/// # users: one row per account
/// - `id`: the public id; primary key.
/// - `username`: the name as it is shown.
/// - `email`: the email address as it is shown; null where there is none.
/// - `password_hash`: a PHC string.
/// - `disabled`: 1 when nobody may sign in and its sessions do not count.
/// - `created_at`: when the account was made.
/// - `name_key`, `email_key`: the keys of both (`NameKey`), by which accounts are listed and
///   searched: one index holds both, so a search reads nothing else. `account_names` has each key
///   once, so no two accounts have one `name_key`.
/// - `credential_version`: moved by each new password, and when the account is shut: what was begun
///   before that is over.
/// - `edit_version`: moved by each edit by an administrator.
///
/// # account_names: what an account is found by
/// - `key`: a username or email address after NFKC and case folding (`NameKey`); primary key, so
///   no name of one account is the name of another, in either role.
/// - `user_id`: the account.
///
/// # user_groups: who belongs to what
/// - `user_id`, `name`: together the primary key. A name is not empty and holds no U+001F, with
///   which the names of a user are joined when they are read. Indexed by name, to count the
///   administrators.
///
/// # sessions: one row per signed-in device
/// - `key`: the digest of the ticket; primary key.
/// - `id`: the public id.
/// - `user_id`: the account; indexed with the id, which is unique for each, to list, count and end
///   the sessions of one account and to find one of them.
/// - `created_at`, `authenticated_at`, `last_seen_at`, `expires_at`: times. `last_seen_at` only
///   ever grows.
/// - `idle_limit`: how many seconds it may stay unused.
/// - `remembered`: 1 when the person asked to be remembered.
/// - `client_address`, `user_agent`: where it began, and in what.
///
/// A session is over at `now >= expires_at` or `now - last_seen_at >= idle_limit`. No index serves
/// that: the sweep walks the primary key in steps.
///
/// # ended_sessions: tickets that are used up
/// - `key`: the digest of the ticket; primary key.
/// - `id`, `user_id`: the session and the account, which may be gone.
/// - `ended_at`: when it ended; indexed, to forget the oldest.
///
/// Whatever deletes a session writes its row here, in the same transaction.
///
/// # password_links: links by which a password is set once
/// - `key`: the digest of the secret in the link; primary key.
/// - `user_id`: the account; indexed, to take its links away.
/// - `expires_at`: when the link stops working.
///
/// # known_devices: where somebody has logged in
/// - `user_id`, `key`: the account and the digest of the device's cookie; together the primary key,
///   so a device is known for one account at a time.
/// - `used_at`: when somebody last logged in with it; indexed, to forget the oldest.
///
/// # throttle: counters of failed tries
/// - `scope`, `key`: the kind of the counter and 16 bytes of a digest (`ThrottleKey`); together the
///   primary key.
/// - `failures`: how many tries have failed in a row.
/// - `last_try_at`: when the last one was made; indexed, to forget the oldest.
///
/// # audit: who did what, when and from where
/// - `id`: counts up; primary key.
/// - `at`, `event`: when it happened, and the name of the event.
/// - `user_id`, `done_by`, `session_id`, `address`, `request`: text, or null (`AuditRecord`). Lines
///   outlive the accounts and sessions that they name.
/// - `detail`: what else is known, in logfmt; often empty.
///
/// Indexed by time, and by user, by actor and by event with the time, so that a page of any of them
/// is read without the lines between.
///
/// # probe: proof that the file can be written to
/// - `id`: 1; there is one row.
/// - `writes`: how often it was tried.
///
/// Deleting a user deletes the names, the groups, the sessions, the links and the devices with it.
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
        migrator.registerMigration("v2", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: v2)
            try fillNameKeys(db)
        }
        migrator.registerMigration("v3", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: v3)
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
}
