package import Sessions
package import Storage

/// Accounts and sessions in a PostgreSQL database that several machines share.
///
/// Each request's work is done on a connection of its own thread (`EngineThreads`): a look is one
/// round trip, a change is a transaction. Nothing is acknowledged before its commit, which
/// PostgreSQL itself puts together with those of other connections. When the connection is lost
/// during a commit, nobody knows whether it was done, and the change is not acknowledged; whoever
/// asks again finds out.
package final class PostgreSQLStorage: Sendable {
    let threads: EngineThreads<PostgreSQLConnection>
    let feed: PostgreSQLFeed
    let client: PostgreSQLClient
    /// Another word after each change of where the sessions are (`SessionsPlace`).
    package let generation: String

    /// Opens the database, makes the tables when there are none, and brings them up to date.
    ///
    /// `connections` is how many requests can use it at once, as a rule the number of workers; one
    /// more hears of the changes of others. When the sessions are not here, their
    /// table stays empty, and changes of accounts are written to `changed_users`.
    ///
    /// It connects at once, so that whoever starts the program hears what is wrong.
    ///
    /// - Throws: `unavailable` with `settings` (also when the sessions are elsewhere),
    ///   `unreachable`, `timeout`, `denied`, `read-only` or `schema`.
    package init(
        url: String,
        connections: Int = 16,
        sessions place: SessionsPlace = .here
    ) throws(StorageError) {
        let url = try PostgreSQLURL(url)
        let client = PostgreSQLClient(url: url, hasSessions: place == .here)
        let first = try client.connect()
        defer { first.close() }
        try PostgreSQLSchema.bringUpToDate(first)
        generation = try PostgreSQLSchema.claim(place, first)
        self.client = client
        threads = EngineThreads(count: connections) { () throws(StorageError) in
            try client.connect()
        }
        feed = PostgreSQLFeed(client)
    }

    deinit {
        threads.close()
        feed.close()
    }
}

extension PostgreSQLStorage: SQLStorage {
    package func read<Value: Sendable>(
        for purpose: ReadPurpose,
        _ look: @escaping @Sendable (PostgreSQLConnection) throws -> Value
    ) async throws(StorageError) -> Value {
        try await threads.perform { connection throws(StorageError) in
            connection.purpose = purpose
            if purpose == .everything {
                return try connection.unhurried(PostgreSQLConnection.walkPatience, look)
            }
            do {
                return try look(connection)
            } catch {
                throw StorageError(translating: error)
            }
        }
    }

    package func write<Value: Sendable>(
        to subject: WriteSubject,
        _ work: @escaping @Sendable (PostgreSQLConnection) throws -> Value
    ) async throws(StorageError) -> Value {
        try await threads.perform { connection throws(StorageError) in
            connection.purpose = .other
            do throws(StorageError) {
                return try connection.write(to: subject, work)
            } catch {
                guard error.isConflictOfTransactions else { throw error }
                // The server has undone one of two that waited for each other; the other is done.
                return try connection.write(to: subject, work)
            }
        }
    }
}

extension PostgreSQLConnection {
    /// Does `work` in the transaction that its subject asks for.
    ///
    /// Who changes the sessions of everybody shuts all others out: in whatever order they change a
    /// few, they do not wait for each other.
    fileprivate func write<Value>(
        to subject: WriteSubject,
        _ work: (PostgreSQLConnection) throws -> Value
    ) throws(StorageError) -> Value {
        guard subject == .allSessions else { return try transact(locking: subject.locks, work) }
        let lock = "LOCK TABLE sessions IN SHARE ROW EXCLUSIVE MODE"
        return try unhurried(Self.upheavalPatience, beginning: [lock], work)
    }
}

extension WriteSubject {
    /// The numbers of the advisory locks, in the order in which they are taken.
    ///
    /// The one of all administration is always the first, and nobody takes two of accounts, so no
    /// two ever wait for each other.
    fileprivate var locks: [Int64] {
        switch self {
        case .account(let id): [id.lock]
        case .administration(let id): [Self.administrationLock, id.lock]
        case .rows, .allSessions: []
        }
    }

    /// "Coatadmi" in ASCII.
    private static let administrationLock: Int64 = 0x436F_6174_6164_6D69
}

extension PublicID {
    /// The first half of a random id.
    fileprivate var lock: Int64 {
        bytes.prefix(8).reduce(0) { $0 << 8 | Int64($1) }
    }
}
