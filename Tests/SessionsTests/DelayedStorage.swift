import Synchronization

@testable import Sessions

/// Storage whose every call comes late, is answered late, and now and then fails, as the seed
/// of a scheduler says.
struct DelayedStorage: SessionStorage {
    let base: MemoryStorage
    let scheduler: SeededScheduler
    let history: History

    func insert(
        _ session: Session,
        keeping limit: Int
    ) async throws(StorageError) -> Insertion {
        try await arrive()
        let insertion = try await base.insert(session, keeping: limit)
        history.note(evicted: insertion.ended, by: session.key)
        await scheduler.pause()
        return insertion
    }

    func replace(
        _ old: TokenDigest,
        with session: Session
    ) async throws(StorageError) -> Principal {
        try await arrive()
        let principal = try await base.replace(old, with: session)
        await scheduler.pause()
        return principal
    }

    func find(_ key: TokenDigest) async throws(StorageError) -> FoundSession? {
        try await arrive()
        let found = try await base.find(key)
        await scheduler.pause()
        return found
    }

    func touch(_ uses: [SessionUse]) async throws(StorageError) {
        try await arrive()
        try await base.touch(uses)
        await scheduler.pause()
    }

    func remove(_ key: TokenDigest) async throws(StorageError) -> PublicID? {
        try await arrive()
        let id = try await base.remove(key)
        await scheduler.pause()
        return id
    }

    func removeExpired(
        at now: Timestamp,
        after cursor: TokenDigest?,
        limit: Int
    ) async throws(StorageError) -> Sweep {
        try await arrive()
        let sweep = try await base.removeExpired(at: now, after: cursor, limit: limit)
        await scheduler.pause()
        return sweep
    }

    private func arrive() async throws(StorageError) {
        await scheduler.pause()
        if scheduler.draw(1...25) == 1 { throw MemoryStorage.failure }
    }
}
