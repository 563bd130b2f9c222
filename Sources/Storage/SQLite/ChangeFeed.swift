internal import GRDB
package import Sessions
internal import Synchronization

extension SQLiteStorage {
    /// How often changes by other processes are looked for: four times in the fifth of a second in
    /// which the contract promises that they hold.
    private static let interval = Duration.milliseconds(50)

    /// Looks for changes by other processes, after a pause.
    package func changesOfOthers() async throws(StorageError) -> [StorageChange] {
        try? await Task.sleep(for: Self.interval)
        return try await hasForeignChanges() ? [.anything] : []
    }

    /// When it was last looked for them.
    package var feedProof: ContinuousClock.Instant? { lastLook.withLock { $0 } }

    /// Tells whether another process has changed the database since the last call, or since it was
    /// opened.
    ///
    /// It says that something changed, not what. It reads the header of the log in shared memory
    /// and takes some 50 µs, so it can be asked twenty times a second. It is meant for one caller:
    /// each change is told once.
    ///
    /// SQLite's `data_version` counts, for one connection, the commits of all others. Only the
    /// connection that writes leaves our own commits out, so that is the one that is asked; while
    /// it waits for another process's lock it is free every 50 ms (`GroupCommit`). While it waits
    /// for the disk nothing is looked for; then the proof grows old.
    ///
    /// - Throws: `unavailable` when it cannot be told, also because the files at the path are not
    ///   the ones in use, where others make their changes; nothing may then be taken as unchanged.
    func hasForeignChanges() async throws(StorageError) -> Bool {
        let outcome = await withCheckedContinuation { continuation in
            writer.asyncWriteWithoutTransaction { db in
                let look = Result { (at: ContinuousClock.now, version: try Self.dataVersion(db)) }
                continuation.resume(returning: look.mapError { StorageError($0) })
            }
        }
        let look = try outcome.get()
        do throws(StorageError) {
            try files.look()
        } catch {
            if files.isReplaced { await settleReplacement() }
            throw error
        }
        lastLook.withLock { $0 = look.at }
        return seenVersion.exchange(look.version, ordering: .acquiringAndReleasing) != look.version
    }

    /// Does what is to be done about another file in the database's place: nothing at first, so
    /// that the caller hears of it and leaves its cache, then the log is emptied, once.
    private func settleReplacement() async {
        switch replacement.load(ordering: .relaxed) {
        case .unseen: replacement.store(.seen, ordering: .relaxed)
        case .seen: if await emptyLog() { replacement.store(.settled, ordering: .relaxed) }
        case .settled: break
        }
    }

    /// What has been done about another file in the database's place.
    enum Replacement: UInt8, AtomicRepresentable {
        case unseen, seen, settled
    }

    /// Copies the log into the database that is open, wherever that is by now, and cuts it to
    /// nothing; `false` when somebody is reading what is in it.
    ///
    /// Whoever opens the file that was put in its place would read the log as a part of that one,
    /// and SQLite leaves the log there when it closes a database that was moved. It is done once:
    /// what is in the log later is of the other file.
    private func emptyLog() async -> Bool {
        await withCheckedContinuation { continuation in
            writer.asyncWriteWithoutTransaction { db in
                continuation.resume(returning: (try? db.checkpoint(.truncate)) != nil)
            }
        }
    }

    /// The number that SQLite changes for a connection when another one has committed.
    static func dataVersion(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(db.cachedStatement(sql: "PRAGMA data_version")) ?? 0
    }
}
