internal import GRDB
internal import Synchronization

/// The connections that look things up, each used by one thread at a time.
///
/// A read runs on the thread that asks. The first free connection is taken, so under light load
/// one page cache stays warm instead of all of them being lukewarm; taking it is one atomic
/// exchange. GRDB's own pool passes several dispatch queues for each read, looks through its
/// connections and asks SQLite for the version of the schema, which costs more than the look-up.
///
/// In WAL mode a reader never waits for a writer and sees what was committed before it began.
struct Readers: Sendable {
    private let readers: [Reader]

    /// Opens `count` connections to a database that exists.
    init(path: String, count: Int, configuration: Configuration) throws {
        var configuration = configuration
        configuration.readonly = true
        readers = try (0..<max(1, count)).map { _ in
            Reader(connection: try DatabaseQueue(path: path, configuration: configuration))
        }
    }

    /// Runs `look` on a connection; waits for one only when all of them are in use.
    ///
    /// There is no transaction round it: one SELECT is one snapshot by itself.
    func read<Value>(_ look: (Database) throws -> Value) throws -> Value {
        for reader in readers where reader.isTaken.exchange(true, ordering: .acquiring) == false {
            defer { reader.isTaken.store(false, ordering: .releasing) }
            return try reader.connection.unsafeRead(look)
        }
        // More threads than connections: the queue of one connection lines them up.
        return try readers[Int.random(in: readers.indices)].connection.unsafeRead(look)
    }

    /// Closes all connections; reads that are running finish, later ones fail.
    func close() throws {
        for reader in readers { try reader.connection.close() }
    }
}

/// A connection and whether a thread is using it.
private final class Reader: Sendable {
    let connection: DatabaseQueue
    let isTaken = Atomic(false)

    init(connection: DatabaseQueue) {
        self.connection = connection
    }
}
