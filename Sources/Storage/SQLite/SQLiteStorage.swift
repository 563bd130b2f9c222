internal import GRDB
internal import GRDBSQLite
internal import Glibc
package import Sessions
internal import Synchronization

/// Accounts and sessions in one SQLite file.
///
/// What is acknowledged has been written to the disk: WAL mode with `synchronous=FULL`, which waits
/// for the disk at each commit. Writes that meet share a commit (`GroupCommit`). Reads run on the
/// thread that asks, beside any write (`Readers`); call `find` from outside of an actor that others
/// wait for. Several processes may use the file at the same time (`hasForeignChanges`).
///
/// The folder must exist. A fresh file is made with mode 0600, and SQLite makes the `-wal` and
/// `-shm` files beside it alike.
package final class SQLiteStorage: Sendable {
    /// The connection that writes.
    let writer: DatabaseQueue
    /// The connections that read.
    let readers: Readers
    /// The way to the writing connection.
    let commits: GroupCommit
    /// The last seen `PRAGMA data_version` of the writing connection.
    let seenVersion: Atomic<Int64>
    /// When changes by other processes were last looked for (`ChangeFeed`).
    let lastLook = Locked<ContinuousClock.Instant?>(nil)
    /// The files that are open.
    let files: FilesInUse
    /// What has been done about another file in the database's place (`ChangeFeed`).
    let replacement = Atomic(Replacement.unseen)

    /// Opens the database at `path`, makes it when there is none, and brings its tables up to date.
    ///
    /// `readers` is how many threads can look something up at once, as a rule the number of
    /// workers; each connection keeps up to 512 KiB of pages. `lockWait` is for how many
    /// milliseconds a write waits while another process holds the lock; 2000 is longer than any
    /// transaction of our own takes and shorter than people's patience.
    ///
    /// - Throws: `unavailable` with `io`, `read-only`, `full`, `locked` or `corrupt` when the file
    ///   cannot be used, and with `schema` when another program or a newer version made it.
    package init(
        path: String,
        readers: Int = 16,
        lockWait: Int = 2000
    ) throws(StorageError) {
        let file = try DatabaseFile(creatingAt: path)
        let identity = FileIdentity(path: file.path)
        do {
            let configuration = Self.configuration(lockWait: lockWait)
            writer = try Self.openWriter(file, configuration, lockWait: lockWait)
            self.readers = try Readers(
                path: file.path,
                count: readers,
                configuration: configuration
            )
            files = FilesInUse(path: file.path, main: identity)
            commits = GroupCommit(writer: writer, files: files, lockWait: lockWait)
            seenVersion = Atomic(try writer.writeWithoutTransaction(Self.dataVersion))
        } catch {
            throw StorageError(error)
        }
    }

    /// Closes the file; what is asked for afterwards fails with `closed`.
    package func close() throws(StorageError) {
        do {
            // The writer is the last to close: it copies the write-ahead log into the database.
            try readers.close()
            try writer.close()
        } catch {
            throw StorageError(error)
        }
    }

    /// Looks something up on the calling thread.
    func read<Value>(_ look: (SQLiteDatabase) throws -> Value) throws(StorageError) -> Value {
        try files.requireLast()
        do {
            return try readers.read { db in try look(SQLiteDatabase(db: db)) }
        } catch {
            throw StorageError(error)
        }
    }

    /// What all connections have in common.
    private static func configuration(lockWait: Int) -> Configuration {
        var configuration = Configuration()
        configuration.label = "coatcheck"
        configuration.busyMode = .timeout(Double(lockWait) / 1000)
        configuration.prepareDatabase { db in
            try db.distrust()
            // No rows in temporary files.
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            guard !db.configuration.readonly else {
                // There are as many readers as workers. What one does not find in its pages is in
                // those of the operating system.
                try db.execute(sql: "PRAGMA cache_size = -512")
                return
            }
            try Schema.refuseForeign(db)
        }
        return configuration
    }

    /// Opens the connection that writes and brings the tables up to date.
    private static func openWriter(
        _ file: DatabaseFile,
        _ configuration: Configuration,
        lockWait: Int
    ) throws -> DatabaseQueue {
        let writer = try DatabaseQueue(path: file.path, configuration: configuration)
        try writer.writeWithoutTransaction { db in
            try refuseReadOnly(db)
            try writeAhead(db, lockWait: lockWait)
            try WriteAheadLog.sync(at: "\(file.path)-wal")
            // Ended sessions and old password hashes are overwritten with zeros in the pages that
            // are written anyway.
            try db.execute(sql: "PRAGMA secure_delete = FAST")
            // Sessions have random keys, so a write touches pages all over the file. With 32 MB of
            // cache it rarely reads them again, and with 16 MB of log (4000 pages instead of 1000)
            // a page that several commits changed is copied into the database once.
            try db.execute(sql: "PRAGMA cache_size = -32768")
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
            // A log that grew under load shrinks to 64 MB when it is next reset.
            try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
        }
        try migrate(writer)
        try writer.writeWithoutTransaction { db in
            // GroupCommit waits in slices.
            try db.execute(sql: "PRAGMA busy_timeout = \(GroupCommit.slice)")
        }
        return writer
    }

    /// Refuses a file that SQLite could open for reading only.
    ///
    /// The connection would stay so when the file can be written to again, and nobody could be
    /// logged out. Whoever starts the program again finds out whether it can.
    private static func refuseReadOnly(_ db: Database) throws {
        guard unsafe sqlite3_db_readonly(db.sqliteConnection, nil) == 0 else {
            throw StorageError.unavailable(
                code: "read-only",
                detail: "the database cannot be written to"
            )
        }
    }

    /// Turns the log on, in which every commit is on the disk before the next transaction begins.
    ///
    /// GRDB's own WAL mode comes with `synchronous=NORMAL` and a commit of its own: with the power
    /// that commit could be lost from below one that we had waited for, which `WriteAheadLog` takes
    /// for damage.
    private static func writeAhead(_ db: Database, lockWait: Int) throws {
        let end = ContinuousClock.now + .milliseconds(lockWait)
        while true {
            do {
                guard try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                    throw StorageError.unavailable(
                        code: "io",
                        detail: "the file system cannot hold a database with a write-ahead log"
                    )
                }
                return try db.execute(sql: "PRAGMA synchronous = FULL")
            } catch DatabaseError.SQLITE_BUSY where ContinuousClock.now < end {
                // Two that make a fresh file's log would wait for each other, so SQLite gives up.
                usleep(1000)
            }
        }
    }

    /// Brings the tables up to date.
    ///
    /// Of processes that start together, each step is taken by one. The others fail at it, see that
    /// the schema has changed, and go on behind it.
    private static func migrate(_ writer: DatabaseQueue) throws {
        func schemaVersion() throws -> Int64? {
            try writer.read { try Int64.fetchOne($0, sql: "PRAGMA schema_version") }
        }
        while true {
            let version = try schemaVersion()
            do {
                return try Schema.migrator.migrate(writer)
            } catch {
                guard try schemaVersion() != version else { throw error }
            }
        }
    }
}

extension SQLiteStorage: SQLStorage {
    package func read<Value: Sendable>(
        for purpose: ReadPurpose,
        _ look: @escaping @Sendable (SQLiteDatabase) throws -> Value
    ) async throws(StorageError) -> Value {
        try read(look)
    }

    package func write<Value: Sendable>(
        to subject: WriteSubject,
        _ work: @escaping @Sendable (SQLiteDatabase) throws -> Value
    ) async throws(StorageError) -> Value {
        // There is one writer, so nothing else is written to any subject meanwhile.
        try await commits.perform(work)
    }
}

extension SQLiteStorage: StorageEngine {
    /// Nothing: each change is one transaction.
    package func settle() {}

    package var connections: [ConnectionFigures] { [] }
}
