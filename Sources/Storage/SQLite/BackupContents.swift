internal import GRDB
internal import Sessions

/// What is in a backup that was read back.
package struct BackupContents: Hashable, Sendable {
    /// How many accounts there are.
    package let accounts: Int
    /// How many sessions there are, those that have expired and were not removed yet among them.
    package let sessions: Int
    /// How many lines the audit trail has.
    package let auditLines: Int
    /// Whether its tables are those of this version.
    package let isCurrent: Bool

    /// Reads all of a database and counts what is in it.
    ///
    /// - Throws: `foreign` or `damaged`, and the `schema` of the contract for a newer version.
    init(checking db: Database) throws {
        try Schema.refuseForeign(db)
        // Which lets an empty file pass.
        let id = try Int64.fetchOne(db, sql: "PRAGMA application_id")
        guard id == Schema.applicationID else { throw BackupFailure.foreign }
        let problem = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)")
        guard problem == "ok" else { throw BackupFailure.damaged(problem ?? "no answer") }
        guard try Row.fetchOne(db, sql: "PRAGMA foreign_key_check") == nil else {
            throw BackupFailure.damaged("a row belongs to an account that is not there")
        }
        func count(_ table: String) throws -> Int {
            // The first version had no audit trail.
            guard try db.tableExists(table) else { return 0 }
            return try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
        }
        accounts = try count("users")
        sessions = try count("sessions")
        auditLines = try count("audit")
        isCurrent = try Schema.migrator.hasCompletedMigrations(db)
    }
}
