internal import GRDB
internal import GRDBSQLite
internal import Sessions

/// The row at which a statement stands, read from SQLite's own memory.
///
/// Text is its bytes: GRDB's rows would cut it at U+0000.
package struct SQLiteRow {
    /// The statement; its row is gone when it is stepped on or reset.
    let statement: Statement
}

extension SQLiteRow: SQLRow {
    package func isNull(at column: Int) throws -> Bool {
        unsafe sqlite3_column_type(statement.sqliteStatement, CInt(column)) == SQLITE_NULL
    }

    package func integer(at column: Int) throws -> Int64 {
        let pointer = unsafe statement.sqliteStatement
        guard unsafe sqlite3_column_type(pointer, CInt(column)) == SQLITE_INTEGER else {
            throw StorageError(.SQLITE_CORRUPT)
        }
        return unsafe sqlite3_column_int64(pointer, CInt(column))
    }

    package func optionalText(at column: Int) throws -> String? {
        let pointer = unsafe statement.sqliteStatement
        guard unsafe sqlite3_column_type(pointer, CInt(column)) != SQLITE_NULL else { return nil }
        return unsafe withBytes(at: column) { unsafe String(decoding: $0, as: UTF8.self) }
    }

    package func bytes(at column: Int) throws -> [UInt8] {
        unsafe withBytes(at: column) { unsafe [UInt8]($0) }
    }

    /// Lends the bytes of a column, which are SQLite's own.
    private func withBytes<Value>(
        at column: Int,
        _ body: (UnsafeRawBufferPointer) -> Value
    ) -> Value {
        withExtendedLifetime(statement) {
            let pointer = unsafe statement.sqliteStatement
            // In this order: the first call brings the value into the form that the second counts.
            let start = unsafe sqlite3_column_blob(pointer, CInt(column))
            let count = unsafe sqlite3_column_bytes(pointer, CInt(column))
            return unsafe body(UnsafeRawBufferPointer(start: start, count: Int(count)))
        }
    }
}
