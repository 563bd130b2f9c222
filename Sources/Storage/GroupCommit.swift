internal import GRDB
internal import Sessions

/// Writes that arrive while a transaction is being written share the next one.
///
/// A durable transaction costs a wait for the disk, however little is in it. So one is written at
/// a time, and whatever is asked for meanwhile is collected and written together: with one caller
/// a write costs one wait, with 64 callers 64 writes cost one wait.
///
/// Promises
/// 1. A caller is resumed after COMMIT has returned, never before, so what it was told is durable.
/// 2. Each write runs in a savepoint of its own: a name that is taken fails its own caller, and
///    the others of the transaction do not notice.
/// 3. When the transaction itself fails, every caller in it is told so, with the first cause.
/// 4. Writes take effect in the order in which they arrived.
/// 5. A caller whose task is cancelled waits on: its write is in a transaction with others.
///
/// While another process holds the write lock, the beginning is tried for `slice` milliseconds at a
/// time until the wait is used up. In between the connection is free for others (`ChangeFeed`), and
/// those who arrive meanwhile join the batch and share its fate, so nobody waits longer.
actor GroupCommit {
    /// How many writes share a transaction at most.
    ///
    /// It caps the time that the write lock is held: a write is some 50 µs, 512 are some 25 ms.
    private static let limit = 512

    /// How many milliseconds one attempt waits for the write lock: the connection's busy timeout.
    ///
    /// It is a quarter of the 200 ms within which a change of another process must be seen.
    static let slice = 50

    private let writer: DatabaseQueue
    private let attempts: Int
    private var waiting: [Write] = []
    private var isDraining = false

    /// Prepares to write on a connection, waiting for locks of other processes at most
    /// `lockWait` milliseconds.
    init(writer: DatabaseQueue, lockWait: Int) {
        self.writer = writer
        self.attempts = max(1, lockWait / Self.slice)
    }

    /// Does `work` in a transaction shared with others; returns when it is durable.
    func perform<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(StorageError) -> Value {
        let outcome = await withCheckedContinuation { continuation in
            waiting.append(Write(work, continuation))
            if !isDraining {
                isDraining = true
                Task(executorPreference: globalConcurrentExecutor) { await self.drain() }
            }
        }
        return try outcome.get()
    }

    /// Writes batch after batch until nobody waits.
    private func drain() async {
        var batch: [Write] = []
        var attempt = 0
        while !(batch.isEmpty && waiting.isEmpty) {
            let room = min(Self.limit - batch.count, waiting.count)
            batch += waiting.prefix(room)
            waiting.removeFirst(room)
            attempt += 1
            // Suspended here, the actor takes in what becomes the next batch.
            let isDone = await write(batch, isLastAttempt: attempt >= attempts)
            if isDone {
                batch = []
                attempt = 0
            }
        }
        isDraining = false
    }

    /// Writes a batch on the connection's queue and settles it; `false` when the lock was not to
    /// be had and another attempt is due.
    private func write(_ batch: [Write], isLastAttempt: Bool) async -> Bool {
        await withCheckedContinuation { continuation in
            writer.asyncWriteWithoutTransaction { db in
                do {
                    try db.beginTransaction(.immediate)
                } catch DatabaseError.SQLITE_BUSY where !isLastAttempt {
                    return continuation.resume(returning: false)
                } catch {
                    for write in batch { write.refuse(StorageError(error)) }
                    return continuation.resume(returning: true)
                }
                Self.commit(batch, on: db)
                continuation.resume(returning: true)
            }
        }
    }

    /// Runs the writes of a batch in the open transaction, ends it, and tells everybody.
    private static func commit(_ batch: [Write], on db: Database) {
        var settlements: [Write.Settlement] = []
        var failure: StorageError?
        for write in batch {
            settlements.append(write.run(db))
            // A full disk or a failed read can make SQLite roll back everything: nothing of the
            // batch is left, and what came after would be committed by itself.
            guard db.isInsideTransaction else {
                failure = settlements.last?.failure ?? StorageError(.SQLITE_ABORT)
                break
            }
        }
        if failure == nil {
            do {
                try db.commit()
            } catch {
                failure = StorageError(error)
                if db.isInsideTransaction { try? db.rollback() }
            }
        }
        for (index, write) in batch.enumerated() {
            if let failure {
                write.refuse(failure)
            } else {
                settlements[index].acknowledge()
            }
        }
    }
}
