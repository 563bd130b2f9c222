internal import CPostgreSQL
internal import Storage
internal import Sessions

/// The answer to one statement, in libpq's memory.
@safe
final class PostgreSQLAnswer {
    fileprivate let raw: OpaquePointer

    /// Takes over a result.
    init(_ raw: OpaquePointer) {
        unsafe self.raw = unsafe raw
    }

    deinit {
        unsafe PQclear(raw)
    }

    var status: ExecStatusType { unsafe PQresultStatus(raw) }

    /// The code of an error; `nil` when the connection itself has failed.
    var sqlState: String? {
        // PG_DIAG_SQLSTATE, which is a macro.
        unsafe PQresultErrorField(raw, CInt(UInt8(ascii: "C"))).map { unsafe String(cString: $0) }
    }

    /// How many rows were returned.
    var count: Int { Int(unsafe PQntuples(raw)) }

    /// How many rows were changed.
    var changes: Int { unsafe Int(String(cString: PQcmdTuples(raw))) ?? 0 }

    /// What was done, such as `COMMIT`.
    var tag: String { unsafe String(cString: PQcmdStatus(raw)) }

    /// A row of it.
    subscript(row: Int) -> PostgreSQLRow { PostgreSQLRow(answer: self, row: CInt(row)) }
}

/// A row of an answer, in PostgreSQL's binary format.
package struct PostgreSQLRow: SQLRow {
    let answer: PostgreSQLAnswer
    let row: CInt

    /// Whether there is nothing in a column.
    package func isNull(at column: Int) throws -> Bool {
        unsafe PQgetisnull(answer.raw, row, CInt(column)) == 1
    }

    /// The number in a column, of whichever width; a truth is 0 or 1.
    package func integer(at column: Int) throws -> Int64 {
        guard [Kind.bool, Kind.int2, Kind.int4, Kind.int8].contains(kind(of: column)),
            let bytes = value(at: column), let first = bytes.first
        else { throw StorageError.damaged }
        // Two's complement, the highest byte first.
        return bytes.dropFirst().reduce(Int64(Int8(bitPattern: first))) { $0 << 8 | Int64($1) }
    }

    /// The text in a column; `nil` when it is null.
    package func optionalText(at column: Int) throws -> String? {
        guard [Kind.text, Kind.varchar, Kind.name].contains(kind(of: column)) else {
            throw StorageError.damaged
        }
        return value(at: column).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes in a column; none when it is null.
    package func bytes(at column: Int) throws -> [UInt8] {
        guard kind(of: column) == Kind.bytea else { throw StorageError.damaged }
        return value(at: column) ?? []
    }

    private func value(at column: Int) -> [UInt8]? {
        let column = CInt(column)
        guard unsafe PQgetisnull(answer.raw, row, column) == 0,
            let start = unsafe PQgetvalue(answer.raw, row, column)
        else { return nil }
        let count = Int(unsafe PQgetlength(answer.raw, row, column))
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    private func kind(of column: Int) -> Oid { unsafe PQftype(answer.raw, CInt(column)) }

    /// The numbers of the types (pg_type.dat), which never change.
    private enum Kind {
        static let bool: Oid = 16
        static let bytea: Oid = 17
        static let name: Oid = 19
        static let int8: Oid = 20
        static let int2: Oid = 21
        static let int4: Oid = 23
        static let text: Oid = 25
        static let varchar: Oid = 1043
    }
}
