internal import Foundation
internal import GRDB
package import Sessions
package import Telemetry

extension SQLiteStorage {
    /// Writes lines of the audit trail: all of them, or none.
    package func append(_ records: [AuditRecord]) async throws(StorageError) {
        guard !records.isEmpty else { return }
        try await commits.perform { db in try Self.add(records, to: db) }
    }

    /// Adds lines to the audit trail.
    static func add(_ records: [AuditRecord], to db: Database) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO audit (at, event, user_id, done_by, session_id, address, request,
                    detail)
                VALUES (?, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT),
                    CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT))
                """
        )
        for record in records {
            try statement.run([
                record.at, record.event.stored, record.user?.stored, record.by?.stored,
                record.session?.stored, record.address?.stored, record.request?.stored,
                record.detail.stored,
            ])
        }
    }

    /// Reads at most `limit` lines of the audit trail that a filter lets through, the newest first,
    /// those before a position of an earlier page only.
    ///
    /// A page costs as much as it has lines, when the filter names an account or an event or
    /// neither; naming both it reads all lines of the account.
    package func audit(
        matching filter: AuditFilter = AuditFilter(),
        before position: StoredAudit.Position? = nil,
        limit: Int
    ) async throws(StorageError) -> [StoredAudit] {
        let sql = Self.sql(of: filter)
        // One bound from above, so that the walk begins there: nothing of the second of `until`
        // stands before its smallest position.
        let end = StoredAudit.Position(at: filter.until?.seconds ?? .max, id: .min)
        let start = min(position ?? end, end)
        var arguments: [String: (any DatabaseValueConvertible)?] = [
            "at": start.at, "id": start.id, "since": filter.since?.seconds ?? .min,
            "limit": max(0, limit),
        ]
        if let user = filter.user { arguments["user"] = user.stored }
        if let event = filter.event { arguments["event"] = event.stored }
        let values = StatementArguments(arguments)
        return try read { db in
            try db.cachedStatement(sql: sql).all(named: values, StoredAudit.init)
        }
    }

    /// The statement for a filter: one walk along one index, or two for an account.
    static func sql(of filter: AuditFilter) -> String {
        let walk = { (conditions: [String]) in
            """
            SELECT id, at, event, user_id, done_by, session_id, address, request, detail
            FROM audit WHERE (at, id) < (:at, :id) AND at >= :since
                \(conditions.map { "AND \($0)" }.joined(separator: " "))
            ORDER BY at DESC, id DESC LIMIT :limit
            """
        }
        guard filter.user != nil else {
            return walk(filter.event == nil ? [] : ["event = CAST(:event AS TEXT)"])
        }
        // The plus keeps SQLite from the index by event: an account has fewer lines. The same line
        // found both ways counts once.
        let event = filter.event == nil ? [] : ["+event = CAST(:event AS TEXT)"]
        return """
            SELECT * FROM (\(walk(["user_id = CAST(:user AS TEXT)"] + event))) UNION
            SELECT * FROM (\(walk(["done_by = CAST(:user AS TEXT)"] + event)))
            ORDER BY at DESC, id DESC LIMIT :limit
            """
    }

    /// Reads the newest lines of the audit trail that a filter lets through.
    package func auditRecords(
        matching filter: AuditFilter,
        limit: Int
    ) async throws(StorageError) -> [AuditRecord] {
        try await audit(matching: filter, limit: limit).map(\.record)
    }

    /// Removes at most `limit` of the lines of the audit trail from before a time, the oldest
    /// first; returns how many.
    package func removeAudit(before time: Timestamp, limit: Int) async throws(StorageError) -> Int {
        try await commits.perform { db in
            let statement = try db.cachedStatement(
                sql: """
                    DELETE FROM audit WHERE id IN (
                        SELECT id FROM audit WHERE at < ? ORDER BY at LIMIT ?
                    )
                    """
            )
            try statement.execute(arguments: [time.seconds, max(0, limit)])
            return db.changesCount
        }
    }
}

extension StoredAudit {
    /// Reads the columns of the table in their order.
    fileprivate init(_ row: Columns) throws {
        let record = AuditRecord(
            at: try row.integer(at: 1),
            event: try row.text(at: 2),
            user: try row.optionalText(at: 3),
            by: try row.optionalText(at: 4),
            session: try row.optionalText(at: 5),
            address: try row.optionalText(at: 6),
            request: try row.optionalText(at: 7),
            detail: try row.text(at: 8)
        )
        self.init(id: try row.integer(at: 0), record: record)
    }
}
