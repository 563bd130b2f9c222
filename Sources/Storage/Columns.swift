internal import Accounts
internal import Foundation
internal import GRDB
internal import GRDBSQLite
internal import Sessions

/// The row at which a statement stands, read from SQLite's own memory.
///
/// A value of the wrong kind, which only a damaged file can hold, throws `corrupt`. Text is its
/// bytes: GRDB's rows would cut it at U+0000.
struct Columns {
    /// The statement; its row is gone when it is stepped on or reset.
    let statement: Statement

    /// The number in a column.
    func integer(at column: Int) throws -> Int64 {
        let pointer = unsafe statement.sqliteStatement
        guard unsafe sqlite3_column_type(pointer, CInt(column)) == SQLITE_INTEGER else {
            throw StorageError(.SQLITE_CORRUPT)
        }
        return unsafe sqlite3_column_int64(pointer, CInt(column))
    }

    /// The text in a column; `nil` when it is null.
    func optionalText(at column: Int) throws -> String? {
        let pointer = unsafe statement.sqliteStatement
        guard unsafe sqlite3_column_type(pointer, CInt(column)) != SQLITE_NULL else { return nil }
        return unsafe withBytes(at: column) { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// The text in a column that is never null.
    func text(at column: Int) throws -> String {
        try optionalText(at: column) ?? ""
    }

    /// The id in a column.
    func publicID(at column: Int) throws -> PublicID {
        guard let id = PublicID(bytes: bytes(at: column)) else {
            throw StorageError(.SQLITE_CORRUPT)
        }
        return id
    }

    /// The key of a session in a column.
    func tokenDigest(at column: Int) throws -> TokenDigest {
        guard let key = TokenDigest(bytes: bytes(at: column)) else {
            throw StorageError(.SQLITE_CORRUPT)
        }
        return key
    }

    /// The groups in a column, joined as `joinedGroups` joins them.
    func groups(at column: Int) throws -> [String] {
        guard let joined = try optionalText(at: column) else { return [] }
        return joined.split(separator: "\u{1F}").map(String.init).sorted()
    }

    /// The bytes in a column; none when it is null.
    func bytes(at column: Int) -> [UInt8] {
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

/// The names of the groups of the user `u`, joined with U+001F, as a column of a SELECT.
let joinedGroups = "(SELECT group_concat(name, char(31)) FROM user_groups WHERE user_id = u.id)"

/// Writing our values. Text goes in as its bytes, for `CAST(? AS TEXT)`: bound as text it would be
/// cut at U+0000, and the name "admin\0x" would find "admin".
extension PublicID {
    var stored: Data { Data(bytes) }
}

extension TokenDigest {
    var stored: Data { Data(bytes) }
}

extension String {
    var stored: Data { Data(utf8) }
}
