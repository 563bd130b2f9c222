internal import GRDB
internal import GRDBSQLite
internal import Sessions

/// Running prepared statements by SQLite's own functions.
///
/// What checks, logins and logouts ask for takes SQLite a few microseconds. GRDB's way of running a
/// statement, with a table of column names for each row, takes several times that; when and on
/// which connection a statement is prepared remains GRDB's.
extension Statement {
    /// A value for each parameter, by position; `nil` is null.
    typealias Values = [(any DatabaseValueConvertible)?]

    /// Runs the statement to its end.
    func run(_ values: Values = []) throws {
        _ = try all(values) { _ in }
    }

    /// Decodes the first row, where there is one.
    func first<Value>(_ values: Values, _ decode: (Columns) throws -> Value) throws -> Value? {
        try bind(values)
        defer { unsafe sqlite3_reset(sqliteStatement) }
        return try step() ? decode(Columns(statement: self)) : nil
    }

    /// Decodes all rows.
    func all<Value>(_ values: Values, _ decode: (Columns) throws -> Value) throws -> [Value] {
        try bind(values)
        return try decodeAll(decode)
    }

    /// Decodes all rows, with the values for parameters that have names.
    func all<Value>(
        named values: StatementArguments,
        _ decode: (Columns) throws -> Value
    ) throws -> [Value] {
        try setArguments(values)
        return try decodeAll(decode)
    }

    private func decodeAll<Value>(_ decode: (Columns) throws -> Value) throws -> [Value] {
        defer { unsafe sqlite3_reset(sqliteStatement) }
        var values: [Value] = []
        while try step() { try values.append(decode(Columns(statement: self))) }
        return values
    }

    private func bind(_ values: Values) throws {
        let pointer = unsafe sqliteStatement
        precondition(
            unsafe values.count == Int(sqlite3_bind_parameter_count(pointer)),
            "a statement takes as many values as it has parameters"
        )
        for (index, value) in values.enumerated() {
            let place = CInt(index + 1)
            let code =
                unsafe value?.bind(to: pointer, at: place) ?? sqlite3_bind_null(pointer, place)
            guard code == SQLITE_OK else { throw StorageError(ResultCode(rawValue: code)) }
        }
    }

    /// Moves to the next row; `false` at the end.
    private func step() throws -> Bool {
        switch unsafe sqlite3_step(sqliteStatement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw StorageError(ResultCode(rawValue: code))
        }
    }
}
