internal import CPostgreSQL
internal import Glibc
internal import Sessions
package import Storage

extension PostgreSQLConnection: SQLConnection {
    package static let dialect = Dialect(
        lesser: "least",
        greater: "greatest",
        position: "strpos",
        joinedGroups: """
            (SELECT string_agg(name, chr(31)) FROM user_groups WHERE user_id = u.id)
            """,
        byName: "",
        tables: "pg_tables WHERE schemaname = ANY (current_schemas(false)) AND tablename",
        skippingLocked: "FOR UPDATE SKIP LOCKED"
    )

    package func all<Value>(
        _ sql: String,
        _ values: [SQLValue],
        _ decode: (PostgreSQLRow) throws -> Value
    ) throws -> [Value] {
        let answer = try ask(sql, values)
        return try (0..<answer.count).map { try decode(answer[$0]) }
    }

    package func first<Value>(
        _ sql: String,
        _ values: [SQLValue],
        _ decode: (PostgreSQLRow) throws -> Value
    ) throws -> Value? {
        let answer = try ask(sql, values)
        return answer.count > 0 ? try decode(answer[0]) : nil
    }

    /// Asks for something that is sent with the next statement that has an answer, or when much
    /// has gathered.
    package func run(_ sql: String, _ values: [SQLValue]) throws {
        if unsent.count >= Self.most {
            try ask(sql, values)
        } else {
            queue(sql, values)
        }
    }

    package func change(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try ask(sql, values).changes
    }

    /// Lets the lines of the audit trail be numbered on from the greatest.
    package func afterMove() throws {
        try run(
            """
            SELECT setval(pg_get_serial_sequence('audit', 'id'), coalesce(max(id), 1),
                max(id) IS NOT NULL) FROM audit
            """
        )
    }

    /// How many statements are sent together at most.
    private static var most: Int { 1000 }

    /// Asks for something that is sent with the next statement that has an answer; if it fails,
    /// that one fails.
    func queue(_ sql: String, _ values: [SQLValue] = []) {
        unsent.append(Command(sql: sql, values: values))
    }

    /// Sends what is queued together with a statement, in one round trip, and returns the answer
    /// to that.
    @discardableResult
    func ask(_ sql: String, _ values: [SQLValue] = []) throws(StorageError) -> PostgreSQLAnswer {
        queue(sql, values)
        client.roundTrips.add(for: purpose)
        let awaited = try send()
        return try receive(awaited)
    }

    /// What is awaited of the server, in the order in which it comes.
    private enum Awaited {
        /// That a statement was prepared.
        case preparation(of: String)
        case answer
    }

    /// Hands all that is queued to libpq, and the end of the pipeline.
    private func send() throws(StorageError) -> [Awaited] {
        let raw = unsafe try open()
        var awaited: [Awaited] = []
        for command in unsent {
            let (statement, isNew) = statement(for: command.sql)
            if isNew {
                awaited.append(.preparation(of: command.sql))
                let sent = unsafe PQsendPrepare(raw, statement.name, statement.text, 0, nil)
                guard sent == 1 else { throw lost() }
            }
            awaited.append(.answer)
            let parameters = PostgreSQLParameters(command.values)
            guard unsafe parameters.send(statement.name, to: raw) else { throw lost() }
        }
        unsent = []
        guard unsafe PQpipelineSync(raw) == 1 else { throw lost() }
        return awaited
    }

    /// Reads the answers up to the end of the pipeline; returns the last.
    private func receive(_ awaited: [Awaited]) throws(StorageError) -> PostgreSQLAnswer {
        var remaining = awaited[...]
        var failure: StorageError?
        var last: PostgreSQLAnswer?
        defer { forgetUnprepared() }
        while let answer = try next() {
            switch answer.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
                if case .preparation(let sql) = remaining.popFirst() {
                    prepared[sql]?.isPrepared = true
                } else {
                    last = answer
                }
            case PGRES_PIPELINE_ABORTED:
                _ = remaining.popFirst()
            default:
                _ = remaining.popFirst()
                guard let state = answer.sqlState else { throw lost() }
                failure = failure ?? StorageError(sqlState: state)
            }
        }
        if let failure { throw failure }
        guard let last, remaining.isEmpty else { throw lost() }
        return last
    }

    /// Reads the next answer; `nil` at the end of the pipeline.
    private func next() throws(StorageError) -> PostgreSQLAnswer? {
        let raw = unsafe try open()
        let deadline = Deadline(in: patience)
        while true {
            if unsafe PQisBusy(raw) == 1 {
                unsafe try exchange(raw, until: deadline)
                continue
            }
            // What stands between the answers to two statements is a null pointer.
            guard let result = unsafe PQgetResult(raw) else { continue }
            let answer = unsafe PostgreSQLAnswer(result)
            return answer.status == PGRES_PIPELINE_SYNC ? nil : answer
        }
    }

    /// Waits until the server takes or sends something, and lets libpq have it.
    private func exchange(
        _ raw: OpaquePointer,
        until deadline: Deadline
    ) throws(StorageError) {
        let unsent = unsafe PQflush(raw)
        guard unsent >= 0 else { throw lost() }
        let events = unsent == 1 ? POLLIN | POLLOUT : POLLIN
        guard unsafe deadline.wait(for: events, of: PQsocket(raw)) else {
            fail(timedOut: true)
            throw .unanswered
        }
        guard unsafe PQconsumeInput(raw) == 1 else { throw lost() }
    }

    /// The server's statement for a text; `isNew` when it has to be prepared first.
    private func statement(for sql: String) -> (statement: PreparedStatement, isNew: Bool) {
        if let known = prepared[sql] { return (known, false) }
        lastNumber += 1
        let statement = PreparedStatement(
            name: "s\(lastNumber)",
            text: sql.withNumberedParameters
        )
        prepared[sql] = statement
        return (statement, true)
    }

    /// Forgets statements that were to be prepared behind one that failed.
    private func forgetUnprepared() {
        guard prepared.values.contains(where: { !$0.isPrepared }) else { return }
        prepared = prepared.filter(\.value.isPrepared)
    }

    private func lost() -> StorageError {
        fail()
        return .lost
    }
}

extension String {
    /// The statement with its parameters `?` and `?1` as PostgreSQL names them, `$1`.
    ///
    /// A `?` without a number is one more than the greatest before it, as in SQLite. No literal of
    /// ours holds one.
    var withNumberedParameters: String {
        var result = ""
        var greatest = 0
        var rest = self[...]
        while let mark = rest.firstIndex(of: "?") {
            result += rest[..<mark]
            rest = rest[rest.index(after: mark)...]
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...]
            let number = Int(digits) ?? greatest + 1
            greatest = max(greatest, number)
            result += "$\(number)"
        }
        return result + rest
    }
}
