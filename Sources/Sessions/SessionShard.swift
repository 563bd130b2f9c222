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

    init(capacity: Int) {
        cache = GenerationalCache(capacity: capacity)
    }

    /// Checks a session against the cache and notes that it was used.
    func find(_ key: TokenDigest, at now: Timestamp) -> Finding {
        guard var session = cache[key] else { return .unknown(revision: revision) }
        guard !session.isExpired(at: now) else { return .expired }
        if now > session.lastSeenAt {
            note(use: now, of: key, in: &session)
            cache[key] = session
        }
        return .live(session.checked)
    }

    /// Takes in what was read from storage, unless something ended meanwhile, and checks it.
    func admit(_ found: FoundSession, readAt revision: UInt64, at now: Timestamp) -> Finding {
        let key = found.session.key
        var session = CachedSession(found)
        if let use = uses[key] { session.lastSeenAt = max(session.lastSeenAt, use) }
        guard !session.isExpired(at: now) else { return .expired }
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

    /// Caches again.
    func resume() {
        isSuspended = false
    }

    /// Hands over the uses that storage has not been told of.
    func takeUses() -> [SessionUse] {
        defer { uses.removeAll(keepingCapacity: true) }
        return uses.map { SessionUse(key: $0.key, seenAt: $0.value) }
    }

    /// Takes back uses that could not be written; newer ones win.
    func putBack(_ lost: [SessionUse]) {
        for use in lost where uses[use.key] == nil { uses[use.key] = use.seenAt }
    }

    /// How many sessions are cached.
    var count: Int { cache.count }

    private func note(use now: Timestamp, of key: TokenDigest, in session: inout CachedSession) {
        session.lastSeenAt = max(session.lastSeenAt, now)
        guard session.isTouchDue(at: now) else { return }
        session.writtenAt = now
        uses[key] = now
    }
}
