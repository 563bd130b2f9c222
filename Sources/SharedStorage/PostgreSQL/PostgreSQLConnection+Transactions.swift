internal import Sessions
internal import Storage

extension PostgreSQLConnection {
    /// Does `work` in a transaction that holds advisory locks, and commits it.
    ///
    /// The beginning and the locks go out with the first statement of `work`, and what `work` told
    /// of goes out with the end. The isolation is READ COMMITTED: each statement sees what was
    /// committed before it began, and so after the locks were given.
    ///
    /// When the connection is lost during the last round trip, nobody knows whether the transaction
    /// was committed, and it is not acknowledged.
    func transact<Value>(
        locking keys: [Int64] = [],
        beginning with: [String] = [],
        _ work: (PostgreSQLConnection) throws -> Value
    ) throws(StorageError) -> Value {
        announcements = []
        transaction = .begun
        queue("BEGIN")
        for key in keys { queue("SELECT pg_advisory_xact_lock(?)", [.integer(key)]) }
        for statement in with { queue(statement) }
        do {
            let value = try work(self)
            try queueAnnouncements()
            // A transaction in which a statement has failed ends with ROLLBACK instead.
            guard try ask("COMMIT").tag == "COMMIT" else {
                throw StorageError.unavailable(code: "internal", detail: "not committed")
            }
            transaction = .none
            return value
        } catch {
            rollBack()
            throw StorageError(translating: error)
        }
    }

    /// Does `work` with more time for each answer, which the server is told of in the transaction.
    func unhurried<Value>(
        _ patience: Duration,
        beginning with: [String] = [],
        _ work: (PostgreSQLConnection) throws -> Value
    ) throws(StorageError) -> Value {
        self.patience = patience
        defer { self.patience = Self.patience }
        // The server gives up half a second earlier.
        let milliseconds = Int(patience / .milliseconds(1)) - 500
        let timeout = "SET LOCAL statement_timeout = \(milliseconds)"
        return try transact(beginning: [timeout] + with, work)
    }

    /// Undoes the transaction; the connection is given up when that fails.
    private func rollBack() {
        let isKnownToServer = !unsent.contains { $0.sql == "BEGIN" }
        unsent = []
        do throws(StorageError) {
            if isKnownToServer { try ask("ROLLBACK") }
            transaction = .none
        } catch {
            fail()
        }
    }
}
