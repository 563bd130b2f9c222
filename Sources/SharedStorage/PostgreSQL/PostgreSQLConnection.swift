internal import CPostgreSQL
internal import Glibc
internal import Sessions
internal import Storage
internal import Synchronization

/// A connection to a PostgreSQL server that can be written to, used by one thread.
///
/// It is always in libpq's pipeline mode, and never blocks but in poll(2). What is asked for goes
/// out together, at the latest when an answer is needed, and each time it does is one round trip.
/// A server that does not answer in `patience` is given up, and the connection with it.
@safe
package final class PostgreSQLConnection: EngineConnection {
    /// How long the server may take for an answer; it gives a statement up itself before that
    /// (`statement_timeout`).
    static var patience: Duration { .seconds(2) }

    /// What it has in common with others.
    let client: PostgreSQLClient
    /// Whether the sessions are in this database too.
    package var hasSessions: Bool { client.hasSessions }
    /// What the next statements are for.
    var purpose = ReadPurpose.other
    /// What is told to the other processes at the end of the transaction.
    var announcements: [StorageChange] = []
    /// Where a transaction stands.
    var transaction = Transaction.none
    /// How long the server may take for an answer just now.
    var patience = PostgreSQLConnection.patience

    /// How long it may take to walk over a whole table, such as counting ten million sessions.
    static var walkPatience: Duration { .seconds(5) }
    /// How long it may take to end the sessions of everybody: a million take some seconds.
    static var upheavalPatience: Duration { .seconds(60) }

    /// What has been asked for and not yet been sent.
    var unsent: [Command] = []
    /// The statements that the server has prepared, by their text.
    var prepared: [String: PreparedStatement] = [:]
    /// Counts up, for the names of prepared statements.
    var lastNumber = 0

    /// libpq's connection; `nil` once it is closed.
    private(set) var raw: OpaquePointer?
    /// Whether the server did not answer in time.
    package private(set) var hasTimedOut = false
    private(set) var hasFailed = false

    /// What is asked of the server.
    struct Command {
        let sql: String
        let values: [SQLValue]
    }

    /// A statement that the server knows by a name.
    struct PreparedStatement {
        let name: String
        /// With the parameters named as PostgreSQL names them.
        let text: String
        var isPrepared = false
    }

    /// Where a transaction stands.
    enum Transaction {
        /// There is none.
        case none
        /// Its beginning has been asked for and perhaps not been sent.
        case begun
    }

    /// Takes over a connection that libpq has made.
    init(_ raw: OpaquePointer, client: PostgreSQLClient) {
        unsafe self.raw = unsafe raw
        self.client = client
        unsafe PQsetnonblocking(raw, 1)
        unsafe PQenterPipelineMode(raw)
    }

    deinit { close() }

    /// Whether it can be used.
    ///
    /// An idle server says nothing. What can be read from it is its farewell, or that it has become
    /// another: a standby, say.
    package var isUsable: Bool {
        guard !hasFailed, case .none = transaction, unsent.isEmpty, let raw = unsafe raw,
            unsafe PQstatus(raw) == CONNECTION_OK
        else { return false }
        return !Deadline(in: .zero).wait(for: POLLIN, of: unsafe PQsocket(raw))
    }

    /// Closes it, without waiting for anything.
    package func close() {
        guard let open = unsafe raw else { return }
        unsafe raw = nil
        unsafe PQfinish(open)
    }

    /// Notes that it cannot be used any more.
    func fail(timedOut: Bool = false) {
        hasFailed = true
        hasTimedOut = hasTimedOut || timedOut
    }

    /// libpq's connection.
    ///
    /// - Throws: `unavailable` when it is closed or has failed.
    func open() throws(StorageError) -> OpaquePointer {
        guard !hasFailed, let raw = unsafe raw else { throw .lost }
        return unsafe raw
    }
}
