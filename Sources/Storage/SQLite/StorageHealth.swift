internal import GRDB
package import Sessions

/// What a look into a database from outside has found.
package struct StorageHealth: Hashable, Sendable {
    /// What `PRAGMA quick_check` found first; `nil` when it found nothing.
    package let integrityProblem: String?
    /// Whether the tables are those of this version; `serve` brings older ones up to date.
    package let isCurrent: Bool
    /// The latest time at which an account was made or a session was seen; `nil` without any.
    package let newest: Timestamp?

    /// Creates a finding.
    package init(integrityProblem: String?, isCurrent: Bool, newest: Timestamp?) {
        self.integrityProblem = integrityProblem
        self.isCurrent = isCurrent
        self.newest = newest
    }
}

extension SQLiteStorage {
    /// Looks whether the database at `path` is sound, without changing it.
    ///
    /// No file is made and no table is brought up to date, so it may run beside the server, also
    /// beside one of another version. It reads every page: some seconds for each gigabyte.
    ///
    /// - Throws: `unavailable` as when the storage is opened.
    package static func health(ofFileAt path: String) throws(StorageError) -> StorageHealth {
        do {
            try DatabaseFile.refuseLogInDoubt(of: path)
            var configuration = Configuration()
            configuration.readonly = true
            // As long as a write waits for a lock (`lockWait`).
            configuration.busyMode = .timeout(2)
            configuration.prepareDatabase { db in
                try db.distrust()
            }
            let file = DatabaseFile.argument(path)
            let reader = try DatabaseQueue(path: file, configuration: configuration)
            defer { try? reader.close() }
            return try reader.unsafeRead { db in
                try Schema.refuseForeign(db)
                let check = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
                return StorageHealth(
                    integrityProblem: check == "ok" ? nil : check ?? "no answer",
                    isCurrent: try Schema.migrator.hasCompletedMigrations(db),
                    newest: check == "ok" ? try newest(db) : nil
                )
            }
        } catch {
            throw StorageError(error)
        }
    }

    private static func newest(_ db: Database) throws -> Timestamp? {
        guard try db.tableExists("users"), try db.tableExists("sessions") else { return nil }
        let seconds = try Int64.fetchOne(
            db,
            sql: """
                SELECT max(at) FROM (
                    SELECT max(created_at) AS at FROM users
                    UNION ALL SELECT max(max(created_at, last_seen_at)) FROM sessions
                )
                """
        )
        return seconds.map { Timestamp(seconds: $0) }
    }
}
