/// A share of the session cache: what checks need of the sessions whose keys begin alike.
///
/// The cache only ever holds what storage held a moment ago, and three rules keep it from
/// speaking for a session that has ended:
/// - Whoever ends a session removes it from storage first, then calls `forget` here, and only
///   then acknowledges.
/// - Storage is read outside the actor. What was read is admitted only when `revision` has not
///   moved since before the read, and every `forget` moves it: a late read changes nothing.
/// - While changes made by other processes cannot be seen, `suspend` empties the cache and keeps
///   it empty, and every check reads storage.
///
/// The bodies here never block and await nothing: under contention they run on the thread of
/// another worker.
actor SessionShard {
    /// What a look into the cache found.
    enum Finding: Sendable {
        /// The session is live.
        case live(CheckedSession)
        /// The session is over and must not be used, though storage may still hold it.
        case expired
        /// The cache does not know; storage does. The revision is for `admit`.
        case unknown(revision: UInt64)
    }

    private var cache: GenerationalCache<TokenDigest, CachedSession>
    private var revision: UInt64 = 0
    private var isSuspended = false
    private var uses: [TokenDigest: Timestamp] = [:]
    private var hits = 0
    private var misses = 0

    init(capacity: Int) {
        cache = GenerationalCache(capacity: capacity)
    }

    /// Checks a session against the cache and notes that it was used.
    func find(_ key: TokenDigest, at now: Timestamp) -> Finding {
        guard var session = cache[key] else {
            misses += 1
            return .unknown(revision: revision)
        }
        hits += 1
        guard !session.isExpired(at: now) else { return .expired }
        if now > session.lastSeenAt {
            note(use: now, of: key, in: &session)
            cache[key] = session
        }
        return .live(session.checked)
    }

    /// Takes in what was read from storage, unless something ended meanwhile, and checks it.
    ///
    /// When the revision has moved, a last-seen time that was too old may have been written anew
    /// since the read; the answer then is `unknown`, and storage must be read again.
    func admit(_ found: FoundSession, readAt revision: UInt64, at now: Timestamp) -> Finding {
        let key = found.session.key
        var session = CachedSession(found)
        for known in [uses[key], cache[key]?.lastSeenAt] {
            if let known { session.lastSeenAt = max(session.lastSeenAt, known) }
        }
        guard !session.isExpired(at: now) else {
            return revision == self.revision ? .expired : .unknown(revision: self.revision)
        }
        note(use: now, of: key, in: &session)
        if revision == self.revision, !isSuspended { cache[key] = session }
        return .live(session.checked)
    }

    /// Drops a session that storage no longer holds.
    func forget(_ key: TokenDigest) {
        revision += 1
        cache[key] = nil
        uses[key] = nil
    }

    /// Drops what is cached of a user, whose sessions or account storage has changed.
    ///
    /// It looks through the share: some microseconds for each thousand sessions.
    func forget(user: PublicID) {
        revision += 1
        cache.removeAll { $0.principal.id == user }
    }

    /// Drops everything, because storage was changed by somebody else.
    func forgetAll() {
        revision += 1
        cache.removeAll()
    }

    /// Stops caching until `resume`.
    func suspend() {
        isSuspended = true
        forgetAll()
    }

    /// Caches again, but nothing that was read before now.
    func resume() {
        isSuspended = false
        revision += 1
    }

    /// The uses that storage has not been told of.
    func unwrittenUses() -> [SessionUse] {
        uses.map { SessionUse(key: $0.key, seenAt: $0.value) }
    }

    /// Lets go of uses that storage holds by now.
    ///
    /// They are known here until then, so that at no moment a session looks idle longer than it
    /// was. The revision moves because a read that is under way may not have seen them.
    func confirm(_ written: [SessionUse]) {
        revision += 1
        for use in written where uses[use.key] == use.seenAt { uses[use.key] = nil }
    }

    /// When a session was last used, as far as it is known here.
    func lastUse(of key: TokenDigest) -> Timestamp? {
        [uses[key], cache[key]?.lastSeenAt].compactMap { $0 }.max()
    }

    /// How many sessions are cached.
    var count: Int { cache.count }

    /// What the cache has done since the start.
    var statistics: CacheStatistics {
        CacheStatistics(entries: cache.count, hits: hits, misses: misses)
    }

    private func note(use now: Timestamp, of key: TokenDigest, in session: inout CachedSession) {
        session.lastSeenAt = max(session.lastSeenAt, now)
        guard session.isTouchDue else { return }
        session.writtenAt = session.lastSeenAt
        uses[key] = session.lastSeenAt
    }
}
