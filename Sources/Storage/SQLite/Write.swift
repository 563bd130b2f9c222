internal import GRDB
internal import Sessions

/// One caller's part of a shared transaction, without the type of what it returns.
struct Write: Sendable {
    /// What running a write led to, to be told once the transaction is durable.
    struct Settlement {
        /// Why the write failed, when it did.
        let failure: StorageError?
        /// Resumes the caller with what the write returned or threw.
        let acknowledge: () -> Void
    }

    /// Runs the write in a savepoint of its own: when it fails, nothing of it is left.
    let run: @Sendable (Database) -> Settlement

    /// Resumes the caller with a failure of the whole transaction.
    let refuse: @Sendable (StorageError) -> Void

    /// Joins the work of a caller with the caller who waits for it.
    init<Value: Sendable>(
        _ work: @escaping @Sendable (SQLiteDatabase) throws -> Value,
        _ caller: CheckedContinuation<Result<Value, StorageError>, Never>
    ) {
        run = { db in
            let result = Self.attempt(work, on: db)
            let failure: StorageError? = if case .failure(let error) = result { error } else { nil }
            return Settlement(failure: failure) { caller.resume(returning: result) }
        }
        refuse = { caller.resume(returning: .failure($0)) }
    }

    private static func attempt<Value>(
        _ work: (SQLiteDatabase) throws -> Value,
        on db: Database
    ) -> Result<Value, StorageError> {
        do {
            // Prepared statements: `Database.inSavepoint` would parse its SQL each time.
            let connection = SQLiteDatabase(db: db)
            try connection.run("SAVEPOINT write")
            let value = try work(connection)
            try connection.run("RELEASE write")
            return .success(value)
        } catch {
            undo(on: db)
            return .failure(StorageError(error))
        }
    }

    /// Takes back what a write did; when not even that works, everything that shares its fate.
    private static func undo(on db: Database) {
        // When SQLite has rolled back the whole transaction there is no savepoint any more.
        guard db.isInsideTransaction else { return }
        do {
            let connection = SQLiteDatabase(db: db)
            try connection.run("ROLLBACK TO write")
            try connection.run("RELEASE write")
        } catch {
            try? db.rollback()
        }
    }
}
