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
        for authentication: Authentication,
        keeping limit: Int,
        ending old: [TokenDigest]
    ) async throws(StorageError) -> Insertion {
        try await arrive()
        let insertion = try await base.insert(
            session,
            for: authentication,
            keeping: limit,
            ending: old
        )
        history.note(evicted: insertion.exceeded.map(\.key), by: session.key)
        await scheduler.pause()
        return insertion
    }

    func replace(
        _ old: TokenDigest,
        with session: Session,
        for authentication: Authentication
    ) async throws(StorageError) -> Principal {
        try await arrive()
        let principal = try await base.replace(old, with: session, for: authentication)
        history.note(evicted: [old], by: session.key)
        await scheduler.pause()
        return principal
    }

    func sessions(of user: PublicID) async throws(StorageError) -> [Session] {
        try await arrive()
        let sessions = try await base.sessions(of: user)
        await scheduler.pause()
        return sessions
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

    func remove(
        _ key: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await arrive()
        let ended = try await base.remove(key, at: now)
        await scheduler.pause()
        return ended
    }

    func remove(
        _ id: PublicID,
        of user: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await arrive()
        let ended = try await base.remove(id, of: user, at: now)
        await scheduler.pause()
        return ended
    }

    func removeAll(
        of user: PublicID?,
        except kept: PublicID?,
        at now: Timestamp
    ) async throws(StorageError) -> [EndedSession] {
        try await arrive()
        let ended = try await base.removeAll(of: user, except: kept, at: now)
        await scheduler.pause()
        return ended
    }

    func ended(
        _ key: TokenDigest,
        since time: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await base.ended(key, since: time)
    }

    func forgetEnded(before time: Timestamp, limit: Int) async throws(StorageError) -> Int {
        try await base.forgetEnded(before: time, limit: limit)
    }

    func sessionCount() async throws(StorageError) -> Int { try await base.sessionCount() }

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
