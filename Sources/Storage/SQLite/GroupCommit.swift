internal import GRDB
internal import Sessions

/// Writes that arrive while a transaction is being written share the next one.
///
/// A durable transaction costs a wait for the disk, however little is in it. So one is written at
/// a time, and whatever is asked for meanwhile is collected and written together: with one caller
/// a write costs one wait, with 64 callers 64 writes cost one wait. Whoever arrives while the
/// writes of a transaction are running still joins it.
///
/// Promises
/// 1. A caller is resumed after COMMIT has returned, never before, so what it was told is durable.
/// 2. Each write runs in a savepoint of its own: a name that is taken fails its own caller, and
///    the others of the transaction do not notice.
/// 3. When the transaction itself fails, every caller in it is told so, with the first cause, and
///    nothing of it is found after a crash.
/// 4. Writes take effect in the order in which they arrived.
/// 5. Nothing is acknowledged that went into files which are not at their path (`FilesInUse`).
/// 6. A caller whose task is cancelled waits on: its write is in a transaction with others.
///
/// While another process holds the write lock, the beginning is tried for `slice` milliseconds at a
/// time until the wait is used up. In between the connection is free for others (`ChangeFeed`), and
/// those who arrive meanwhile join the batch and share its fate, so nobody waits longer.
final class GroupCommit: Sendable {
    /// How many writes share a transaction at most.
    ///
    /// It caps the time that the write lock is held: a write is some 20 µs in a small store and
    /// some 70 µs in one of a million sessions, so 512 are some 10 to 35 ms.
    private static let limit = 512

    /// How many milliseconds one attempt waits for the write lock: the connection's busy timeout.
    ///
    /// It is a quarter of the 200 ms within which a change of another process must be seen.
    static let slice = 50

    /// What is asked for and not yet in a transaction, and whether somebody sees to it.
    struct Line: Sendable {
        var waiting: [Write] = []
        var isServed = false
    }

    let line = Locked(Line())
    private let writer: DatabaseQueue
    private let files: FilesInUse
    private let attempts: Int

    /// Prepares to write on a connection, waiting for locks of other processes at most
    /// `lockWait` milliseconds.
    init(writer: DatabaseQueue, files: FilesInUse, lockWait: Int) {
        self.writer = writer
        self.files = files
        self.attempts = max(1, lockWait / Self.slice)
    }

    /// Does `work` in a transaction shared with others; returns when it is durable.
    func perform<Value: Sendable>(
        _ work: @escaping @Sendable (SQLiteDatabase) throws -> Value
    ) async throws(StorageError) -> Value {
        let outcome = await withCheckedContinuation { continuation in
            let write = Write(work, continuation)
            let isServed = line.withLock { line in
                line.waiting.append(write)
                defer { line.isServed = true }
                return line.isServed
            }
            if !isServed { serve() }
        }
        return try outcome.get()
    }

    /// Writes what waits, in turns of the connection's queue: one for each transaction or attempt,
    /// so that others have theirs in between.
    private func serve(attempt: Int = 1) {
        writer.asyncWriteWithoutTransaction { db in
            do {
                try db.beginTransaction(.immediate)
                self.commit(on: db)
            } catch DatabaseError.SQLITE_BUSY where attempt < self.attempts {
                return self.serve(attempt: attempt + 1)
            } catch {
                for write in self.take() { write.refuse(StorageError(error)) }
            }
            if self.isAnybodyLeft() { self.serve() }
        }
    }

    /// Runs what waits in the open transaction, also what arrives meanwhile, ends the transaction,
    /// and tells everybody.
    private func commit(on db: Database) {
        var batch: [Write] = []
        var settlements: [Write.Settlement] = []
        var failure: StorageError?
        while failure == nil {
            // Those who were told of the last transaction are coming back while these are written.
            if settlements.count == batch.count { batch += take(atMost: Self.limit - batch.count) }
            guard settlements.count < batch.count else { break }
            settlements.append(batch[settlements.count].run(db))
            // A full disk or a failed read can make SQLite roll back everything: nothing of the
            // batch is left, and what came after would be committed by itself.
            if !db.isInsideTransaction {
                failure = settlements.last?.failure ?? StorageError(.SQLITE_ABORT)
            }
        }
        if failure == nil { failure = end(on: db) }
        for (index, write) in batch.enumerated() {
            if let failure {
                write.refuse(failure)
            } else {
                settlements[index].acknowledge()
            }
        }
    }

    /// Commits, unless the files are not in their place; returns what went wrong.
    private func end(on db: Database) -> StorageError? {
        do throws(StorageError) {
            try files.look()
        } catch {
            // Nothing more goes into a log that may lie beside another database by now.
            try? db.rollback()
            return error
        }
        do {
            try db.commit()
            return nil
        } catch {
            if db.isInsideTransaction { try? db.rollback() }
            writeOverFailedCommit(on: db)
            return StorageError(error)
        }
    }

    /// Sees to it that a commit that failed does not come back.
    ///
    /// When the wait for the disk fails, the write-ahead log holds the transaction whole. It counts
    /// for nobody, but after a crash SQLite would find it there and take it for committed. The next
    /// transaction stands in its place, so one that means nothing is written at once. It may fail
    /// like the other: what is to be found in the log is its own pages even then.
    private func writeOverFailedCommit(on db: Database) {
        guard (try? files.look()) != nil else { return }
        try? db.inTransaction(.immediate) {
            try SQLiteDatabase(db: db).writeProbe()
            return .commit
        }
    }

    /// Takes those who have waited longest out of the line.
    private func take(atMost count: Int = .max) -> [Write] {
        line.withLock { line in
            let first = Array(line.waiting.prefix(count))
            line.waiting.removeFirst(first.count)
            return first
        }
    }

    /// Whether somebody waits; when nobody does, the next who comes starts anew.
    private func isAnybodyLeft() -> Bool {
        line.withLock { line in
            line.isServed = !line.waiting.isEmpty
            return line.isServed
        }
    }
}
