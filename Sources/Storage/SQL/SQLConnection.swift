package import Sessions

/// A connection to an SQL database, for the time of one look or one transaction.
///
/// Statements are written once for every database: parameters are `?` or `?1`, text parameters are
/// `CAST(? AS TEXT)`, and the few words in which databases differ come from `Dialect`. Each
/// statement is prepared once for each connection.
package protocol SQLConnection {
    /// A row of an answer.
    associatedtype Row: SQLRow

    /// The words of this database.
    static var dialect: Dialect { get }

    /// Runs a statement and decodes all rows that it returns.
    func all<Value>(
        _ sql: String,
        _ values: [SQLValue],
        _ decode: (Row) throws -> Value
    ) throws -> [Value]

    /// Runs a statement that returns rows and decodes the first, where there is one.
    func first<Value>(
        _ sql: String,
        _ values: [SQLValue],
        _ decode: (Row) throws -> Value
    ) throws -> Value?

    /// Runs a statement of which nothing is to be known but that it was done.
    ///
    /// It may be sent as late as with the next statement or the end of the transaction; when it
    /// fails, that fails.
    func run(_ sql: String, _ values: [SQLValue]) throws

    /// Runs a statement that returns nothing; returns how many rows it changed.
    func change(_ sql: String, _ values: [SQLValue]) throws -> Int

    /// Whether the sessions are in this database too; otherwise what changes an account leaves
    /// them alone, and says by `announce` that they must be seen to.
    var hasSessions: Bool { get }

    /// Tells the other processes of a change, once the transaction is committed.
    func announce(_ change: StorageChange) throws

    /// Does what rows that were added with their keys require: what counts up goes on after them.
    func afterMove() throws
}

/// A row at which a statement stands.
///
/// A value of the wrong kind, which only a damaged database can hold, throws `corrupt`.
package protocol SQLRow {
    /// Whether there is nothing in a column.
    func isNull(at column: Int) throws -> Bool

    /// The number in a column; a truth is 0 or 1.
    func integer(at column: Int) throws -> Int64

    /// The text in a column; `nil` when it is null.
    func optionalText(at column: Int) throws -> String?

    /// The bytes in a column; none when it is null.
    func bytes(at column: Int) throws -> [UInt8]
}

/// A value for a parameter of a statement.
package enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
}

/// The words in which SQL databases differ.
package struct Dialect: Sendable {
    /// The smaller of two numbers.
    let lesser: String
    /// The greater of two numbers.
    let greater: String
    /// Where one text begins in another, counted from 1; 0 when it does not.
    let position: String
    /// The names of the groups of the user `u`, joined with U+001F, as a column of a SELECT.
    let joinedGroups: String
    /// What follows the table `users` when it must be read in the order of the names.
    let byName: String
    /// The list of tables, and the column of their names, as `FROM` and a condition begin with it.
    let tables: String
    /// What ends a SELECT that leaves out rows which another transaction is changing.
    let skippingLocked: String
    /// A session with its user, who is not disabled: one statement, one snapshot.
    let findSession: String

    /// Names the words.
    package init(
        lesser: String,
        greater: String,
        position: String,
        joinedGroups: String,
        byName: String,
        tables: String,
        skippingLocked: String
    ) {
        self.lesser = lesser
        self.greater = greater
        self.position = position
        self.joinedGroups = joinedGroups
        self.byName = byName
        self.tables = tables
        self.skippingLocked = skippingLocked
        // Here, because a check asks for it: it is put together once.
        findSession = """
            SELECT s.id, s.created_at, s.authenticated_at, s.last_seen_at, s.expires_at,
                s.idle_limit, s.remembered, s.client_address, s.user_agent,
                u.id, u.username, u.email, \(joinedGroups)
            FROM sessions s JOIN users u ON u.id = s.user_id
            WHERE s.key = ? AND u.disabled = 0
            """
    }

    /// A condition for sessions that leaves out those which another transaction is changing.
    ///
    /// Whoever changes many sessions, in whatever order, then waits for nobody who does the same.
    func unlocked(_ condition: String) -> String {
        guard !skippingLocked.isEmpty else { return condition }
        return "key IN (SELECT key FROM sessions WHERE \(condition) \(skippingLocked))"
    }
}

extension SQLConnection {
    /// Runs a statement without values.
    package func run(_ sql: String) throws { try run(sql, []) }
}

extension SQLRow {
    /// The text in a column that is never null.
    package func text(at column: Int) throws -> String {
        try optionalText(at: column) ?? ""
    }

    /// The id in a column.
    package func publicID(at column: Int) throws -> PublicID {
        guard let id = PublicID(bytes: try bytes(at: column)) else { throw StorageError.damaged }
        return id
    }

    /// The key of a session in a column.
    package func tokenDigest(at column: Int) throws -> TokenDigest {
        guard let key = TokenDigest(bytes: try bytes(at: column)) else {
            throw StorageError.damaged
        }
        return key
    }

    /// The time in a column.
    package func time(at column: Int) throws -> Timestamp {
        Timestamp(seconds: try integer(at: column))
    }

    /// The groups in a column, joined as `Dialect.joinedGroups` joins them.
    package func groups(at column: Int) throws -> [String] {
        guard let joined = try optionalText(at: column) else { return [] }
        return joined.split(separator: "\u{1F}").map(String.init).sorted()
    }
}

extension StorageError {
    /// A value that nothing of ours has written.
    package static let damaged = StorageError.unavailable(
        code: "corrupt",
        detail: "a stored value is damaged"
    )
}

/// Our values as parameters.
extension SQLValue {
    /// An id as its bytes.
    package static func id(_ id: PublicID) -> SQLValue { .bytes(id.bytes) }
    /// A key as its bytes.
    package static func key(_ key: TokenDigest) -> SQLValue { .bytes(key.bytes) }
    /// A time in seconds.
    package static func time(_ time: Timestamp) -> SQLValue { .integer(time.seconds) }
    /// A truth as 0 or 1.
    package static func flag(_ flag: Bool) -> SQLValue { .integer(flag ? 1 : 0) }
    /// A text, or null.
    package static func text(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
    /// A count.
    package static func count(_ count: Int) -> SQLValue { .integer(Int64(count)) }
}
