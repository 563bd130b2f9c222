internal import CPostgreSQL
internal import Sessions

extension StorageError {
    /// Says in the words of the contract what an SQLSTATE means.
    ///
    /// The detail holds the SQLSTATE and words of ours: PostgreSQL's own messages quote values
    /// (<https://www.postgresql.org/docs/15/errcodes-appendix.html> has the list).
    init(sqlState: String) {
        switch sqlState {
        case "23505": self = .duplicate
        case "23503": self = .unknownUser
        default:
            let number = "SQLSTATE \(sqlState)"
            self = .unavailable(
                code: Self.word(for: sqlState),
                detail: Self.reason(for: sqlState).map { "\($0), \(number)" } ?? number
            )
        }
    }

    /// What an operator can do something about, in words.
    private static func reason(for sqlState: String) -> String? {
        switch sqlState {
        case "28P01", "28000": "wrong user or password"
        case "42501": "permission denied"
        case "3D000": "no such database"
        case "53100": "the disk is full"
        case "53300": "too many connections"
        default: nil
        }
    }

    /// What was thrown, which is ours but for a mistake.
    init(translating error: any Error) {
        self =
            error as? StorageError
            ?? .unavailable(code: "internal", detail: "\(type(of: error))")
    }

    /// The stable word for an SQLSTATE.
    private static func word(for sqlState: String) -> String {
        switch sqlState {
        case "25006": "read-only"
        case "53100": "full"
        case "40001", "40P01", "55P03": "locked"
        case "57014": "timeout"
        // Shutting down, crashed, starting up; no connection to be had; ended for being idle.
        case "57P01", "57P02", "57P03", "57P05", "53300", "25P03": "unreachable"
        case "42501": "denied"
        // No such database.
        case "3D000": "denied"
        // No such table or column: another version's, or nobody's.
        case "42P01", "42703", "3F000": "schema"
        case "58030", "XX001", "XX002": sqlState == "58030" ? "io" : "corrupt"
        case let state where state.hasPrefix("08"): "unreachable"
        case let state where state.hasPrefix("28"): "denied"
        default: "internal"
        }
    }

    /// A connection that was lost; what was sent may have been done.
    static let lost = StorageError.unavailable(
        code: "unreachable",
        detail: "the connection to PostgreSQL was lost"
    )

    /// A server that has not answered.
    static let unanswered = StorageError.unavailable(
        code: "timeout",
        detail: "PostgreSQL does not answer"
    )

    /// A standby, or a server that was told to refuse writes.
    static let standby = StorageError.unavailable(
        code: "read-only",
        detail: "the PostgreSQL server cannot be written to: a standby?"
    )

    /// Whether the server has undone the transaction for the sake of another one.
    var isConflictOfTransactions: Bool {
        self == StorageError(sqlState: "40P01") || self == StorageError(sqlState: "40001")
    }
}
