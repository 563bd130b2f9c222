package import Sessions

/// The marker of a move is a table: a database has it while a move into it is not finished.
extension SQLStorage {
    private static var marker: String { "coatcheck_move" }

    /// Returns the source of a move into this database that was not finished.
    package func unfinishedMove() async throws(StorageError) -> String? {
        try await read(for: .other) { db in try db.moveSource(in: Self.marker) }
    }

    /// Notes that a move from a source has begun.
    package func beginMove(from source: String) async throws(StorageError) {
        try await write(to: .rows) { db in
            if let begun = try db.moveSource(in: Self.marker) {
                guard begun == source else { throw StorageError.conflict }
                return
            }
            guard try db.first("SELECT 1 FROM users LIMIT 1", [], { _ in true }) == nil else {
                throw StorageError.conflict
            }
            try db.run("CREATE TABLE \(Self.marker) (source TEXT NOT NULL)")
            try db.run(
                "INSERT INTO \(Self.marker) (source) VALUES (CAST(? AS TEXT))",
                [.text(source)]
            )
        }
    }

    /// Lets the database be used.
    package func finishMove() async throws(StorageError) {
        try await write(to: .rows) { db in
            try db.run("DROP TABLE \(Self.marker)")
            try db.afterMove()
        }
    }

    /// Reads rows of a table in the order of its key.
    package func rows(
        of table: MovableTable,
        after key: MovableTable.Row?,
        limit: Int
    ) async throws(StorageError) -> [MovableTable.Row] {
        let names = table.columns.map(\.name).joined(separator: ", ")
        let order = table.keyNames
        let condition =
            key == nil ? "" : "WHERE (\(order)) > (\(table.placeholders(table.keyCount)))"
        let sql = "SELECT \(names) FROM \(table.name) \(condition) ORDER BY \(order) LIMIT ?"
        return try await read(for: .other) { db in
            try db.all(sql, (key ?? []) + [.count(limit)]) { row in
                try table.columns.enumerated().map { try $1.value(in: row, at: $0) }
            }
        }
    }

    /// Returns the greatest key of a table, where a move that was broken off goes on.
    package func lastKey(of table: MovableTable) async throws(StorageError) -> MovableTable.Row? {
        let order = table.columns.prefix(table.keyCount).map { "\($0.name) DESC" }
            .joined(separator: ", ")
        let sql = "SELECT \(table.keyNames) FROM \(table.name) ORDER BY \(order) LIMIT 1"
        return try await read(for: .other) { db in
            try db.first(sql, []) { row in
                try (0..<table.keyCount).map { try table.columns[$0].value(in: row, at: $0) }
            }
        }
    }

    /// Adds rows in one transaction.
    package func add(
        _ rows: [MovableTable.Row],
        to table: MovableTable
    ) async throws(StorageError) {
        let names = table.columns.map(\.name).joined(separator: ", ")
        let tuple = "(\(table.placeholders(table.columns.count)))"
        try await write(to: .rows) { db in
            // As many as a statement takes values for, and of few lengths, so that few statements
            // are prepared.
            for start in stride(from: 0, to: rows.count, by: MovableTable.batch) {
                let some = rows[start..<min(start + MovableTable.batch, rows.count)]
                let tuples = [String](repeating: tuple, count: some.count).joined(separator: ", ")
                try db.run(
                    "INSERT INTO \(table.name) (\(names)) VALUES \(tuples) ON CONFLICT DO NOTHING",
                    some.flatMap { $0 }
                )
            }
        }
    }
}

extension MovableTable {
    /// How many rows one statement adds.
    fileprivate static let batch = 50

    fileprivate var keyNames: String {
        columns.prefix(keyCount).map(\.name).joined(separator: ", ")
    }

    fileprivate func placeholders(_ count: Int) -> String {
        columns.prefix(count).map(\.placeholder).joined(separator: ", ")
    }
}

extension SQLConnection {
    /// The source that the marker of a move names; `nil` when there is no marker.
    fileprivate func moveSource(in marker: String) throws -> String? {
        let isThere = try first(
            "SELECT 1 FROM \(Self.dialect.tables) = CAST(? AS TEXT)",
            [.text(marker)]
        ) { _ in true }
        guard isThere != nil else { return nil }
        return try first("SELECT source FROM \(marker)", []) { row in try row.text(at: 0) } ?? ""
    }
}
