internal import CPostgreSQL
internal import Glibc
internal import Sessions

/// Connecting to whichever of several servers can be written to.
///
/// The first is asked first. When it is no good the next one is asked at once, and when it has not
/// answered for a while the next one is asked beside it, so that a server that is frozen or cut off
/// holds nothing up.
struct PostgreSQLConnecting: ~Copyable {
    /// How long all of it may take.
    static let patience = Duration.seconds(2)
    /// How long a server is waited for before the next one is asked too.
    static let lead = Duration.milliseconds(250)

    @safe
    private struct Attempt {
        let raw: OpaquePointer
        let host: [String: String]
        /// What libpq waits for (poll(2)).
        var events: Int32 = POLLOUT
    }

    private var attempts: [Attempt] = []
    private var next = 0
    private var failure: StorageError?
    private let hosts: [[String: String]]

    private init(_ url: PostgreSQLURL) {
        hosts = url.hosts
    }

    deinit {
        for attempt in attempts { unsafe PQfinish(attempt.raw) }
    }

    /// Connects; the caller closes what is returned.
    ///
    /// A server is refused that is a standby, older than version 14, or whose database is not in
    /// UTF-8.
    ///
    /// Names of hosts are looked up by the system's resolver, which keeps no deadline of ours.
    ///
    /// - Throws: `unavailable` with `unreachable`, `timeout`, `denied`, `read-only` or `schema`.
    static func connect(to url: PostgreSQLURL) throws(StorageError) -> OpaquePointer {
        var connecting = PostgreSQLConnecting(url)
        return unsafe try connecting.run()
    }

    private mutating func run() throws(StorageError) -> OpaquePointer {
        let deadline = Deadline(in: Self.patience)
        var lead = Deadline(in: .zero)
        while true {
            if next < hosts.count, attempts.isEmpty || lead.hasPassed {
                begin(hosts[next])
                next += 1
                lead = Deadline(in: Self.lead)
            }
            if attempts.isEmpty {
                guard next < hosts.count else { throw failure ?? .lost }
                continue
            }
            guard !deadline.hasPassed else { throw failure ?? .unanswered }
            let isLast = next == hosts.count
            let pause = isLast ? deadline : min(deadline, lead)
            if let raw = unsafe advance(until: pause) { return unsafe raw }
        }
    }

    private mutating func begin(_ host: [String: String]) {
        let started = unsafe host.withKeywordsAndValues { keywords, values in
            unsafe PQconnectStartParams(keywords, values, 0)
        }
        guard let raw = unsafe started else { return }
        // The message of an error is then its SQLSTATE, in whichever language the server speaks.
        unsafe PQsetErrorVerbosity(raw, PQERRORS_SQLSTATE)
        unsafe PQsetNoticeReceiver(raw, { _, _ in }, nil)
        let attempt = unsafe Attempt(raw: raw, host: host)
        guard unsafe PQstatus(raw) != CONNECTION_BAD else { return giveUp(attempt) }
        attempts.append(attempt)
    }

    /// Waits for any of the servers and goes on with those that have answered.
    private mutating func advance(until deadline: Deadline) -> OpaquePointer? {
        var entries = attempts.map {
            unsafe pollfd(fd: PQsocket($0.raw), events: Int16($0.events), revents: 0)
        }
        guard deadline.wait(for: &entries) else { return nil }
        for index in attempts.indices.reversed() where entries[index].revents != 0 {
            switch unsafe PQconnectPoll(attempts[index].raw) {
            case PGRES_POLLING_READING: attempts[index].events = POLLIN
            case PGRES_POLLING_WRITING: attempts[index].events = POLLOUT
            case PGRES_POLLING_OK:
                let attempt = attempts.remove(at: index)
                guard let unfitness = unsafe unfitness(of: attempt.raw) else {
                    return unsafe attempt.raw
                }
                note(unfitness)
                unsafe PQfinish(attempt.raw)
            default: giveUp(attempts.remove(at: index))
            }
        }
        return nil
    }

    /// Why a server is not one for us; all of it is what it has said when it was connected to.
    private func unfitness(of raw: OpaquePointer) -> StorageError? {
        func says(_ name: String, _ value: String) -> Bool {
            unsafe PQparameterStatus(raw, name).map { unsafe String(cString: $0) } == value
        }
        if unsafe PQserverVersion(raw) < 140_000 {
            return .unavailable(
                code: "schema",
                detail: "the PostgreSQL server is older than version 14"
            )
        }
        if !says("server_encoding", "UTF8") {
            return .unavailable(
                code: "schema",
                detail: "the PostgreSQL database is not in the encoding UTF8"
            )
        }
        let isWritable =
            says("in_hot_standby", "off") && says("default_transaction_read_only", "off")
        return isWritable ? nil : .standby
    }

    private mutating func giveUp(_ attempt: Attempt) {
        unsafe note(StorageError(connecting: attempt.raw, to: attempt.host))
        unsafe PQfinish(attempt.raw)
    }

    /// Keeps the reason that says most: of a server that has answered, rather than of one that has
    /// not.
    private mutating func note(_ error: StorageError) {
        guard let failure, failure.cause.code != "unreachable" else { return failure = error }
        if error.cause.code == "read-only" { return }
        if error.cause.code != "unreachable", failure.cause.code == "read-only" {
            self.failure = error
        }
    }
}

extension StorageError {
    /// Says why libpq could not connect.
    ///
    /// Its message ends with an SQLSTATE when the server has refused. Otherwise its first line says
    /// what is wrong and names host and port; it never quotes the password, which is made sure of.
    fileprivate init(connecting raw: OpaquePointer, to host: [String: String]) {
        let message = unsafe String(cString: PQerrorMessage(raw))
        let line = message.prefix { $0 != "\n" }
        let state = line.suffix(5)
        let hasState =
            line.dropLast(5).hasSuffix(":  ")
            && state.allSatisfy { $0.isASCII && ($0.isNumber || $0.isUppercase) }
        if hasState {
            let error = StorageError(sqlState: String(state))
            let (code, detail) = error.cause
            let isNamed = state == "3D000" && host["dbname"] != nil
            self =
                isNamed
                ? .unavailable(code: code, detail: "\(host["dbname", default: ""]): \(detail)")
                : error
            return
        }
        let isTold = host["password"].map { $0.isEmpty || !line.contains($0) } ?? true
        self = .unavailable(
            code: line.contains("no password supplied") ? "denied" : "unreachable",
            detail: isTold ? String(line) : "the connection to PostgreSQL failed"
        )
    }
}

extension [String: String] {
    /// Lends the pairs as two arrays of C strings that end with a null pointer.
    fileprivate func withKeywordsAndValues<Result>(
        _ body: (
            UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>
        ) -> Result
    ) -> Result {
        let pairs = unsafe map { unsafe (strdup($0.key), strdup($0.value)) }
        defer {
            unsafe pairs.forEach {
                unsafe free($0.0)
                unsafe free($0.1)
            }
        }
        let keywords = unsafe pairs.map { unsafe UnsafePointer<CChar>($0.0) } + [nil]
        let values = unsafe pairs.map { unsafe UnsafePointer<CChar>($0.1) } + [nil]
        return unsafe keywords.withUnsafeBufferPointer { keywords in
            unsafe values.withUnsafeBufferPointer { values in
                guard let keywords = keywords.baseAddress,
                    let values = values.baseAddress
                else { preconditionFailure("an array with an element has an address") }
                return unsafe body(keywords, values)
            }
        }
    }
}
