package import Sessions
package import Telemetry

extension SQLStorage {
    /// Writes lines of the audit trail: all of them, or none.
    package func append(_ records: [AuditRecord]) async throws(StorageError) {
        guard !records.isEmpty else { return }
        try await write(to: .rows) { db in try db.add(records) }
    }

    /// Reads a page of the audit trail.
    ///
    /// A page costs as much as it has lines, when the filter names an account or an event or
    /// neither; naming both it reads all lines of the account.
    package func audit(
        matching filter: AuditFilter = AuditFilter(),
        before position: StoredAudit.Position? = nil,
        limit: Int
    ) async throws(StorageError) -> [StoredAudit] {
        // One bound from above, so that the walk begins there: nothing of the second of `until`
        // stands before its smallest position.
        let end = StoredAudit.Position(at: filter.until?.seconds ?? .max, id: .min)
        let start = min(position ?? end, end)
        var values: [SQLValue] = [
            .integer(start.at), .integer(start.id), .integer(filter.since?.seconds ?? .min),
            .count(max(0, limit)),
        ]
        if let event = filter.event { values.append(.text(event)) }
        if let user = filter.user { values.append(.text(user)) }
        return try await read(for: .other) { [values] db in
            try db.all(Self.sql(of: filter), values) { row in try StoredAudit(row) }
        }
    }

    /// The statement for a filter: one walk along one index, or two for an account.
    static func sql(of filter: AuditFilter) -> String {
        let walk = { (conditions: [String]) in
            """
            SELECT id, at, event, user_id, done_by, session_id, address, request, detail
            FROM audit WHERE (at, id) < (?1, ?2) AND at >= ?3
                \(conditions.map { "AND \($0)" }.joined(separator: " "))
            ORDER BY at DESC, id DESC LIMIT ?4
            """
        }
        let event = filter.event == nil ? [] : ["event = CAST(?5 AS TEXT)"]
        guard filter.user != nil else { return walk(event) }
        // An account has fewer lines than an event; what is joined to the column keeps the
        // database from the index by event. The same line found both ways counts once.
        let unindexed = filter.event == nil ? [] : ["event || '' = CAST(?5 AS TEXT)"]
        let user = "CAST(?\(filter.event == nil ? 5 : 6) AS TEXT)"
        return """
            SELECT * FROM (\(walk(["user_id = \(user)"] + unindexed))) AS of_user UNION
            SELECT * FROM (\(walk(["done_by = \(user)"] + unindexed))) AS by_user
            ORDER BY at DESC, id DESC LIMIT ?4
            """
    }

    /// Removes lines of the audit trail from before a time, the oldest first.
    package func removeAudit(before time: Timestamp, limit: Int) async throws(StorageError) -> Int {
        try await write(to: .rows) { db in
            try db.change(
                """
                DELETE FROM audit WHERE id IN (
                    SELECT id FROM audit WHERE at < ? ORDER BY at LIMIT ?
                )
                """,
                [.time(time), .count(max(0, limit))]
            )
        }
    }
}

extension SQLConnection {
    /// Adds lines to the audit trail.
    func add(_ records: [AuditRecord]) throws {
        for record in records {
            try run(
                """
                INSERT INTO audit (at, event, user_id, done_by, session_id, address, request,
                    detail)
                VALUES (?, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT),
                    CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT))
                """,
                [
                    .integer(record.at), .text(record.event), .text(record.user),
                    .text(record.by), .text(record.session), .text(record.address),
                    .text(record.request), .text(record.detail),
                ]
            )
        }
    }
}

extension StoredAudit {
    /// Reads the columns of the table in their order.
    fileprivate init(_ row: some SQLRow) throws {
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
