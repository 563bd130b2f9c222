internal import Synchronization

/// The sessions: begun at login, checked at every request, ended at logout, all on the server.
///
/// The store is a set of actors, one per share of the keys, in front of `SessionStorage`. A check
/// that finds its session in the cache never touches storage; everything that begins or ends a
/// session is durable before it returns.
///
/// Delete wins: once a call that ends a session has returned, no check accepts it, whatever was in
/// flight. `SessionShard` says how.
package final class SessionStore: Sendable {
    private let storage: any SessionStorage
    private let shards: [SessionShard]
    private let flushes = Atomic(0)
    private let lease = CacheLease()

    /// How many shards there are.
    ///
    /// Enough that workers rarely meet at one, few enough that
    /// walking them all is nothing. A power of two, at most 256, since one byte chooses.
    private static let shardCount = 64

    /// The most uses that one write to storage carries, so that writers behind it wait briefly.
    private static let useBatch = 500

    /// Creates the store.
    ///
    /// - Parameter cacheBytes: how many bytes the cache takes at most.
    package init(storage: any SessionStorage, cacheBytes: Int = 1 << 24) {
        self.storage = storage
        let share = cacheBytes / SessionStore.shardCount
        let lease = lease
        shards = (0..<SessionStore.shardCount).map { _ in SessionShard(bytes: share, lease: lease) }
    }

    // MARK: a session's life

    /// Begins a session that `SessionPolicy.newSession` has drawn.
    ///
    /// The sessions of the `old` tickets, which the same browser held, end in the same
    /// transaction: a login that fails signs nobody out. The account's least recently used
    /// sessions end when it would have more than `limit`.
    ///
    /// - Throws: `.unknownUser` when the account is gone or disabled, or its password another, by
    ///   now; `.unavailable` when storage failed, and then nothing began.
    package func begin(
        _ new: NewSession,
        for authentication: Authentication,
        keeping limit: Int,
        replacing old: [TokenDigest] = []
    ) async throws(StorageError) -> Insertion {
        let insertion = try await storage.insert(
            new.session,
            for: authentication,
            keeping: limit,
            ending: old
        )
        await forget(old)
        await forget(insertion.exceeded.map(\.key))
        return insertion
    }

    /// Puts a session under a new ticket, drawn by `SessionPolicy.renewed`; the old one is dead.
    ///
    /// - Throws: `.unknownUser` when the session has ended meanwhile, or its account is gone,
    ///   disabled or has another password by now.
    package func renew(
        _ old: TokenDigest,
        as new: NewSession,
        for authentication: Authentication
    ) async throws(StorageError) -> Principal {
        let principal = try await storage.replace(old, with: new.session, for: authentication)
        await forget([old])
        return principal
    }

    /// Returns the live session of a ticket, or `nil`.
    ///
    /// An expired session is removed from storage before it is refused, so that it stays refused
    /// when the clock is set back.
    ///
    /// - Throws: `.unavailable` when the cache does not know and storage cannot be asked. That is
    ///   neither yes nor no.
    package func check(
        _ key: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> CheckedSession? {
        if let session = cached(key, at: now) { return session }
        let shard = shard(of: key)
        var finding = await shard.find(key, at: now)
        while case .unknown(let revision) = finding {
            guard let found = try await storage.find(key) else { return nil }
            finding = await shard.admit(found, readAt: revision, at: now)
        }
        switch finding {
        case .live(let session): return session
        case .expired, .unknown:
            _ = try await storage.remove(key, at: now)
            await forget([key])
            return nil
        }
    }

    /// Returns a live session that the cache knows; `nil` says nothing about the ticket.
    ///
    /// It is `check` for most requests, without waiting for anything.
    package func cached(_ key: TokenDigest, at now: Timestamp) -> CheckedSession? {
        shard(of: key).hit(key, at: now)
    }

    /// Returns the whole record of a session that a check has just accepted; `nil` when it ended
    /// since.
    package func details(_ key: TokenDigest) async throws(StorageError) -> FoundSession? {
        try await storage.find(key)
    }

    /// Returns the live sessions of a user, the most recently used first.
    package func sessions(
        of user: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> [Session] {
        var sessions = try await storage.sessions(of: user)
        for index in sessions.indices {
            let use = await shard(of: sessions[index].key).lastUse(of: sessions[index].key)
            if let use { sessions[index].lastSeenAt = max(use, sessions[index].lastSeenAt) }
        }
        return sessions.filter { !$0.isExpired(at: now) }
            .sorted { ($0.lastSeenAt, $0.createdAt) > ($1.lastSeenAt, $1.createdAt) }
    }

    /// Says which session a refused ticket once opened; `nil` when it never opened one, or that
    /// was more than a day ago.
    package func endedSession(of key: TokenDigest) async throws(StorageError) -> PublicID? {
        try await storage.ended(key)?.id
    }

    // MARK: ending sessions

    /// Ends a session; an absent one is ended already.
    ///
    /// A ticket that was renewed within the last minute ends the session under its new one: a
    /// logout that crosses a re-authentication is a logout. An older one opens and ends nothing.
    ///
    /// - Returns: what ended, `nil` when there was nothing.
    /// - Throws: `.unavailable` when storage failed; then the session must be taken to live on.
    package func end(
        _ key: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        let ended = try await storage.remove(key, at: now)
        await forget([key])
        let since = now + -SessionStore.crossing
        guard ended == nil, let old = try await storage.ended(key, since: since) else {
            return ended
        }
        return try await end(old.id, of: old.userID, at: now)
    }

    /// How long a logout may be under way while its ticket is renewed, in seconds.
    private static let crossing: Int64 = 60

    /// Ends the session of a user that has a public id; `nil` when this user has no such session.
    package func end(
        _ id: PublicID,
        of user: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        let ended = try await storage.remove(id, of: user, at: now)
        // The session may be on its way from one ticket to another, and both be cached.
        await forget(user: user)
        return ended
    }

    /// Ends all sessions of a user, or of everybody, but for the one of a public id, which it keeps
    /// when it is renewed meanwhile.
    ///
    /// What is cached of them is dropped whether or not it was this call that ended them: another
    /// one may have removed a session from storage and not have come to the cache yet.
    package func endAll(
        of user: PublicID?,
        except kept: PublicID? = nil,
        at now: Timestamp
    ) async throws(StorageError) -> [EndedSession] {
        let ended = try await storage.removeAll(of: user, except: kept, at: now)
        await forget(ended.map(\.key))
        if let user { await forget(user: user) } else { await forgetAll() }
        return ended
    }

    /// Drops what is cached of a user whose account was changed in storage.
    ///
    /// Whoever changes an account calls it before the change is acknowledged.
    package func forget(user: PublicID) async { await forget(users: [user]) }

    /// Drops what is cached of users; of many at once it costs no more than of one.
    package func forget(users: Set<PublicID>) async {
        for shard in shards { await shard.forget(users: users) }
    }

    private func forget(_ keys: [TokenDigest]) async {
        for key in keys { await forget(key) }
    }

    // MARK: upkeep, called by timers

    /// Writes the last-seen times that have gathered.
    ///
    /// What cannot be written is kept for the next time.
    package func writeUses() async throws(StorageError) {
        for shard in shards {
            let uses = await shard.unwrittenUses()
            for start in stride(from: 0, to: uses.count, by: SessionStore.useBatch) {
                let batch = Array(uses[start..<min(start + SessionStore.useBatch, uses.count)])
                try await storage.touch(batch)
                await shard.confirm(batch)
            }
        }
    }

    /// Removes the expired among the next `limit` stored sessions.
    ///
    /// The last-seen times that have gathered are written first, so that nobody is taken for idle
    /// who is not.
    ///
    /// - Returns: where to go on, `nil` at the end of the round; and how many were removed.
    package func sweep(
        at now: Timestamp,
        after cursor: TokenDigest?,
        limit: Int
    ) async throws(StorageError) -> (cursor: TokenDigest?, removed: Int) {
        try await writeUses()
        let step = try await storage.removeExpired(at: now, after: cursor, limit: limit)
        await forget(step.removed)
        return (step.cursor, step.removed.count)
    }

    /// How long an ended ticket is remembered as one, in seconds: a day, in which a copy that was
    /// stolen before the logout is most likely to be tried.
    package static let endedMemory: Int64 = 86_400

    /// Forgets at most `limit` of the tickets that ended long ago; returns how many.
    package func forgetEnded(at now: Timestamp, limit: Int) async throws(StorageError) -> Int {
        try await storage.forgetEnded(before: now + -SessionStore.endedMemory, limit: limit)
    }

    // MARK: changes made by others

    /// Drops what is cached of a session that another process has ended.
    package func forget(_ key: TokenDigest) async {
        await shard(of: key).forget(key)
    }

    /// Empties the cache after another process has changed storage.
    package func forgetAll() async {
        flushes.add(1, ordering: .relaxed)
        for shard in shards { await shard.forgetAll() }
    }

    /// Lets the cache count until a moment; before the first call it counts for ever.
    ///
    /// Where others change storage, it is called again and again while all that they changed is
    /// known. A program that was stopped for a while, or put to sleep with its machine, then asks
    /// storage first.
    package func trustCache(until instant: ContinuousClock.Instant) {
        lease.renew(until: instant)
    }

    /// Stops caching while changes by other processes cannot be seen.
    package func suspendCaching() async {
        flushes.add(1, ordering: .relaxed)
        for shard in shards { await shard.suspend() }
    }

    /// Caches again.
    package func resumeCaching() async {
        for shard in shards { await shard.resume() }
    }

    // MARK: figures

    /// What the cache has done since the start.
    package var statistics: CacheStatistics {
        get async {
            var sum = CacheStatistics()
            sum.flushes = flushes.load(ordering: .relaxed)
            for shard in shards {
                let part = await shard.statistics
                sum.entries += part.entries
                sum.bytes += part.bytes
                sum.hits += part.hits
                sum.misses += part.misses
            }
            return sum
        }
    }

    private func shard(of key: TokenDigest) -> SessionShard {
        shards[Int(key.firstByte) & (SessionStore.shardCount - 1)]
    }
}
