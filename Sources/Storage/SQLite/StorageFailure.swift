internal import GRDB
internal import Sessions

extension StorageError {
    /// Says in the words of the contract what an error of SQLite means.
    ///
    /// Only the name and the number of the result code go into the detail: SQLite's own message
    /// can quote names of columns, GRDB's can quote statements, and neither belongs into an answer.
    init(_ error: any Error) {
        switch error {
        case let error as StorageError: self = error
        case let error as DatabaseError: self.init(error.extendedResultCode)
        default: self = .unavailable(code: "internal", detail: "\(type(of: error))")
        }
    }

    /// Says in the words of the contract what a result code of SQLite means.
    init(_ code: ResultCode) {
        switch code {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID:
            self = .duplicate
        case .SQLITE_CONSTRAINT_FOREIGNKEY:
            self = .unknownUser
        default:
            self = .unavailable(code: Self.word(for: code), detail: Self.name(of: code))
        }
    }

    /// The stable word for a result code.
    private static func word(for code: ResultCode) -> String {
        switch code.primaryResultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL: "locked"
        case .SQLITE_FULL: "full"
        case .SQLITE_READONLY, .SQLITE_PERM: "read-only"
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_NOLFS: "io"
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT: "corrupt"
        case .SQLITE_MISUSE: "closed"
        default: "internal"
        }
    }

    /// The name that SQLite's documentation uses, with the extended number for what it adds:
    /// `SQLITE_IOERR (1034)` is a failed fsync, <https://www.sqlite.org/rescode.html> has the list.
    private static func name(of code: ResultCode) -> String {
        let name =
            switch code.primaryResultCode {
            case .SQLITE_ERROR: "SQLITE_ERROR"
            case .SQLITE_INTERNAL: "SQLITE_INTERNAL"
            case .SQLITE_PERM: "SQLITE_PERM"
            case .SQLITE_ABORT: "SQLITE_ABORT"
            case .SQLITE_BUSY: "SQLITE_BUSY"
            case .SQLITE_LOCKED: "SQLITE_LOCKED"
            case .SQLITE_NOMEM: "SQLITE_NOMEM"
            case .SQLITE_READONLY: "SQLITE_READONLY"
            case .SQLITE_INTERRUPT: "SQLITE_INTERRUPT"
            case .SQLITE_IOERR: "SQLITE_IOERR"
            case .SQLITE_CORRUPT: "SQLITE_CORRUPT"
            case .SQLITE_FULL: "SQLITE_FULL"
            case .SQLITE_CANTOPEN: "SQLITE_CANTOPEN"
            case .SQLITE_PROTOCOL: "SQLITE_PROTOCOL"
            case .SQLITE_SCHEMA: "SQLITE_SCHEMA"
            case .SQLITE_TOOBIG: "SQLITE_TOOBIG"
            case .SQLITE_CONSTRAINT: "SQLITE_CONSTRAINT"
            case .SQLITE_MISMATCH: "SQLITE_MISMATCH"
            case .SQLITE_MISUSE: "SQLITE_MISUSE"
            case .SQLITE_NOLFS: "SQLITE_NOLFS"
            case .SQLITE_NOTADB: "SQLITE_NOTADB"
            default: "SQLite"
            }
        return "\(name) (\(code.rawValue))"
    }
}
