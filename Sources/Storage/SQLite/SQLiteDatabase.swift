internal import GRDB
internal import GRDBSQLite
internal import Sessions

/// The connection of a database in a file, and the running of prepared statements by SQLite's own
/// functions.
///
/// What checks, logins and logouts ask for takes SQLite a few microseconds. GRDB's way of running a
/// statement, with a table of column names for each row, takes several times that; when and on
/// which connection a statement is prepared remains GRDB's.
package struct SQLiteDatabase {
    /// GRDB's own connection.
    let db: Database
}

extension SQLiteDatabase: SQLConnection {
    package static let dialect = Dialect(
        lesser: "min",
        greater: "max",
        position: "instr",
        joinedGroups: """
            (SELECT group_concat(name, char(31)) FROM user_groups WHERE user_id = u.id)
            """,
        byName: "INDEXED BY users_by_name",
        tables: "sqlite_schema WHERE type = 'table' AND name",
        skippingLocked: ""
    )

    package var hasSessions: Bool { true }

    /// Nothing: whoever watches the file sees that it has changed (`ChangeFeed`).
    package func announce(_ change: StorageChange) {}

    /// Nothing: the next number is that after the greatest.
    package func afterMove() {}

    package func all<Value>(
        _ sql: String,
        _ values: [SQLValue],
        _ decode: (SQLiteRow) throws -> Value
    ) throws -> [Value] {
        let statement = try prepared(sql, values)
        defer { unsafe sqlite3_reset(statement.sqliteStatement) }
        var rows: [Value] = []
        while try step(statement) { try rows.append(decode(SQLiteRow(statement: statement))) }
        return rows
    }

    package func first<Value>(
        _ sql: String,
        _ values: [SQLValue],
        _ decode: (SQLiteRow) throws -> Value
    ) throws -> Value? {
        let statement = try prepared(sql, values)
        defer { unsafe sqlite3_reset(statement.sqliteStatement) }
        return try step(statement) ? decode(SQLiteRow(statement: statement)) : nil
    }

    package func run(_ sql: String, _ values: [SQLValue]) throws {
        let statement = try prepared(sql, values)
        defer { unsafe sqlite3_reset(statement.sqliteStatement) }
        while try step(statement) {}
    }

    package func change(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try run(sql, values)
        return db.changesCount
    }

    private func prepared(_ sql: String, _ values: [SQLValue]) throws -> Statement {
        let statement = try db.cachedStatement(sql: sql)
        let pointer = unsafe statement.sqliteStatement
        precondition(
            unsafe values.count == Int(sqlite3_bind_parameter_count(pointer)),
            "a statement takes as many values as it has parameters"
        )
        for (index, value) in values.enumerated() {
            let code = unsafe bind(value, to: pointer, at: CInt(index + 1))
            guard code == SQLITE_OK else { throw StorageError(ResultCode(rawValue: code)) }
        }
        return statement
    }

    /// Text goes in as its bytes, for `CAST(? AS TEXT)`: bound as text it would be cut at U+0000,
    /// and the name "admin\0x" would find "admin".
    private func bind(_ value: SQLValue, to statement: OpaquePointer, at place: CInt) -> CInt {
        switch value {
        case .null: return unsafe sqlite3_bind_null(statement, place)
        case .integer(let number): return unsafe sqlite3_bind_int64(statement, place, number)
        case .bytes(let bytes):
            return unsafe bytes.withUnsafeBytes { unsafe bind($0, to: statement, at: place) }
        case .text(var text):
            return text.withUTF8 {
                unsafe bind(UnsafeRawBufferPointer($0), to: statement, at: place)
            }
        }
    }

    private func bind(
        _ bytes: UnsafeRawBufferPointer,
        to statement: OpaquePointer,
        at place: CInt
    ) -> CInt {
        // Without an address SQLite would bind null.
        guard let start = bytes.baseAddress, unsafe !bytes.isEmpty else {
            return unsafe sqlite3_bind_zeroblob(statement, place, 0)
        }
        // SQLITE_TRANSIENT, a macro that Swift does not see: SQLite copies the bytes.
        let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        return unsafe sqlite3_bind_blob(statement, place, start, CInt(bytes.count), copied)
    }

    /// Moves to the next row; `false` at the end.
    private func step(_ statement: Statement) throws -> Bool {
        switch unsafe sqlite3_step(statement.sqliteStatement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw StorageError(ResultCode(rawValue: code))
        }
    }
}
