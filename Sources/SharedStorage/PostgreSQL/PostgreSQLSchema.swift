internal import Sessions
internal import Storage

/// The tables in PostgreSQL.
///
/// They are those of the SQLite file with the same columns (`Schema` says what is in them) in the
/// types of PostgreSQL: keys and ids are `bytea`, times and counts `bigint`, booleans `smallint`
/// that are 0 or 1. Text is compared byte by byte (`COLLATE "C"`).
///
/// They are made in the first schema of the `search_path`, and found in whichever of its schemas
/// they are. A row of `sessions` can be written anew on its page when the session is used, since a
/// fifth of the page is left free and no index holds `last_seen_at`.
///
/// # changed_users: accounts whose sessions elsewhere must be seen to
/// - `user_id`: the account; primary key.
/// - `revision`: the sum of its versions, or the greatest number there is when it was deleted.
/// - `changed_at`: when the last of the changes was made, by the database's clock.
///
/// # sessions_place: where the sessions are
/// - `place`: one row; here, or in Redis under which prefix.
/// - `generation`: a random word, another after each change (`SessionsPlace`).
///
/// # coatcheck_schema: which version the tables are of
/// - `version`: one row; a greater one than this program's means that a newer one was here.
enum PostgreSQLSchema {
    /// The version of the tables.
    static let version: Int64 = 1

    /// Makes the tables, or brings them up to date.
    ///
    /// It is one transaction under an advisory lock, so of two machines that start together one
    /// comes second and finds nothing to do. Both have less time than systemd gives a start
    /// (`TimeoutStartSec=`).
    ///
    /// - Throws: `unavailable` with `schema` when a newer version or another program made tables of
    ///   these names.
    static func bringUpToDate(_ connection: PostgreSQLConnection) throws(StorageError) {
        guard try version(connection) != version else { return }
        try connection.unhurried(
            .seconds(12),
            beginning: [
                "SET LOCAL lock_timeout = 0", "SELECT pg_advisory_xact_lock(\(lock))",
            ]
        ) { connection in
            if try version(connection) == version { return }
            try refuseTablesOfOthers(connection)
            for statement in PostgreSQLSchema.tables { connection.queue(statement) }
            connection.queue(
                "INSERT INTO coatcheck_schema (version) VALUES (?)",
                [.integer(version)]
            )
        }
    }

    /// The version of the tables that are there; `nil` when there are none.
    ///
    /// - Throws: `unavailable` with `schema` when a newer version made them.
    static func version(_ connection: PostgreSQLConnection) throws(StorageError) -> Int64? {
        do {
            // Without a table in it the statement would not see what was made since the transaction
            // began.
            let sql = "SELECT 1 FROM pg_class WHERE oid = to_regclass('coatcheck_schema')"
            guard try connection.first(sql, [], { _ in true }) != nil else { return nil }
            let found = try connection.first("SELECT version FROM coatcheck_schema", []) {
                try $0.integer(at: 0)
            }
            guard let found, found <= version else {
                throw StorageError.unavailable(
                    code: "schema",
                    detail: "the tables were made by a newer version of coatcheck"
                )
            }
            return found
        } catch {
            throw StorageError(translating: error)
        }
    }

    /// Refuses a schema in which something else has the name of one of the tables.
    private static func refuseTablesOfOthers(_ connection: PostgreSQLConnection) throws {
        let sql = """
            SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relname IN (
                'users', 'account_names', 'user_groups', 'sessions', 'ended_sessions',
                'password_links', 'known_devices', 'throttle', 'audit', 'probe', 'changed_users',
                'sessions_place'
            ) LIMIT 1
            """
        guard try connection.first(sql, [], { _ in true }) == nil else {
            throw StorageError.unavailable(
                code: "schema",
                detail: "the schema holds tables of another program"
            )
        }
    }

    /// "Coatmigr" in ASCII.
    static let lock: Int64 = 0x436F_6174_6D69_6772
}
