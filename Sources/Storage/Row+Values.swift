internal import Accounts
internal import Foundation
internal import GRDB
internal import Sessions

/// Reading our values from columns. A value of the wrong kind, which only a damaged file can hold,
/// throws `corrupt`; GRDB's own subscripts would end the program.
extension Row {
    /// The number in a column.
    func integer(at column: Int) throws -> Int64 {
        guard let number = Int64.fromDatabaseValue(self[column] as DatabaseValue) else {
            throw StorageError(.SQLITE_CORRUPT)
        }
        return number
    }

    /// The text in a column, also when it holds U+0000, at which `String` of GRDB would stop.
    func optionalText(at column: Int) throws -> String? {
        try withUnsafeData(atIndex: column) { data in
            data.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// The text in a column that is never null.
    ///
    /// SQLite has no bytes for an empty text, which `optionalText` reads as null.
    func text(at column: Int) throws -> String {
        try optionalText(at: column) ?? ""
    }

    /// The id in a column.
    func publicID(at column: Int) throws -> PublicID {
        guard let id = PublicID(bytes: try bytes(at: column)) else {
            throw StorageError(.SQLITE_CORRUPT)
        }
        return id
    }

    /// The key of a session in a column.
    func tokenDigest(at column: Int) throws -> TokenDigest {
        guard let key = TokenDigest(bytes: try bytes(at: column)) else {
            throw StorageError(.SQLITE_CORRUPT)
        }
        return key
    }

    /// The groups in a column, joined as `joinedGroups` joins them.
    func groups(at column: Int) throws -> [String] {
        guard let joined = try optionalText(at: column) else { return [] }
        return joined.split(separator: "\u{1F}").map(String.init).sorted()
    }

    /// The bytes in a column.
    func bytes(at column: Int) throws -> [UInt8] {
        try withUnsafeData(atIndex: column) { $0.map { [UInt8]($0) } ?? [] }
    }
}

extension Statement {
    /// Decodes the first row, where there is one, from SQLite's own memory.
    func first<Value>(
        _ arguments: StatementArguments,
        _ decode: (Row) throws -> Value
    ) throws -> Value? {
        let rows = try Row.fetchCursor(self, arguments: arguments)
        // The end of the cursor takes the row away, and it is last mentioned before it is decoded.
        return try withExtendedLifetime(rows) { try rows.next().map(decode) }
    }

    /// Decodes all rows from SQLite's own memory; `Row.fetchAll` would cut text at U+0000.
    func all<Value>(
        _ arguments: StatementArguments,
        _ decode: (Row) throws -> Value
    ) throws -> [Value] {
        let rows = try Row.fetchCursor(self, arguments: arguments)
        var values: [Value] = []
        while let row = try rows.next() { values.append(try decode(row)) }
        return values
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
