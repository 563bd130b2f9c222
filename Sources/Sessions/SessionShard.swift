/// A share of the session cache: what checks need of the sessions whose keys begin alike.
///
/// The cache only ever holds what storage held a moment ago, and three rules keep it from
/// speaking for a session that has ended:
/// - Whoever ends a session removes it from storage first, then calls `forget` here, and only
///   then acknowledges.
/// - Storage is read outside the actor. What was read is admitted only when `revision` has not
///   moved since before the read, and every `forget` moves it: a late read changes nothing.
/// - While changes made by other processes cannot be seen, `suspend` empties the cache and keeps
///   it empty, and every check reads storage; so it does while the lease does not last.
///
/// What changes the cache is the actor's, one after the other. To look into it, which is what
/// nearly every check does and nothing else, no task has to switch to the actor: `hit` takes the
/// lock for a fraction of a microsecond. A switch and the way back cost more than all the rest of
/// a check, since a task with an executor of its own is queued both times.
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

    /// What is known here of sessions.
    fileprivate struct Knowledge {
        var cache: SessionCache
        /// The uses that storage has not been told of.
        var uses: [TokenDigest: Timestamp] = [:]
        var hits = 0
        var misses = 0
    }

    private let knowledge: Locked<Knowledge>
    private let lease: CacheLease
    private var revision: UInt64 = 0
    private var isSuspended = false

    /// Creates a share of the cache of so many bytes, which counts while `lease` lasts.
    init(bytes: Int, lease: CacheLease) {
        knowledge = Locked(Knowledge(cache: SessionCache(bytes: bytes)))
        self.lease = lease
    }

    /// Returns a session that the cache knows and that is live, and notes that it was used.
    nonisolated func hit(_ key: TokenDigest, at now: Timestamp) -> CheckedSession? {
        guard lease.isValid else { return nil }
        return knowledge.withLock { knowledge in
            guard case .live(let place) = knowledge.use(key, at: now) else { return nil }
            knowledge.hits += 1
            return knowledge.cache.checked(at: place)
        }
    }

    /// Checks a session that `hit` did not return.
    func find(_ key: TokenDigest, at now: Timestamp) -> Finding {
        knowledge.withLock { knowledge in
            switch lease.isValid ? knowledge.use(key, at: now) : .unknown {
            case .live(let place):
                knowledge.hits += 1
                return .live(knowledge.cache.checked(at: place))
            case .expired:
                // Another machine may have seen it used since it was read: storage says.
                knowledge.cache.remove(key)
                knowledge.misses += 1
                return .unknown(revision: revision)
            case .unknown:
                knowledge.misses += 1
                return .unknown(revision: revision)
            }
        }
    }

    /// Takes in what was read from storage, unless something ended meanwhile, and checks it.
    ///
    /// When the revision has moved, a last-seen time that was too old may have been written anew
    /// since the read; the answer then is `unknown`, and storage must be read again.
    func admit(_ found: FoundSession, readAt revision: UInt64, at now: Timestamp) -> Finding {
        let key = found.session.key
        var session = CachedSession(found)
        return knowledge.withLock { knowledge in
            if let known = knowledge.lastUse(of: key) {
                session.times.lastSeenAt = max(session.times.lastSeenAt, known)
            }
            guard !session.times.isExpired(at: now) else {
                return revision == self.revision ? .expired : .unknown(revision: self.revision)
            }
            knowledge.note(use: now, of: key, in: &session.times)
            if revision == self.revision, !isSuspended {
                knowledge.cache.insert(session, for: key)
            }
            return .live(session.checked)
        }
    }

    /// Drops a session that storage no longer holds.
    func forget(_ key: TokenDigest) {
        revision += 1
        knowledge.withLock { knowledge in
            knowledge.cache.remove(key)
            knowledge.uses[key] = nil
        }
    }

    /// Drops what is cached of users, whose sessions or accounts storage has changed.
    ///
    /// It looks through the share: some microseconds for each thousand sessions.
    func forget(users: Set<PublicID>) {
        revision += 1
        knowledge.withLock { $0.cache.removeAll(of: users) }
    }

    /// Drops everything, because storage was changed by somebody else.
    func forgetAll() {
        revision += 1
        knowledge.withLock { $0.cache.removeAll() }
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
        knowledge.withLock { knowledge in
            knowledge.uses.map { SessionUse(key: $0.key, seenAt: $0.value) }
        }
    }

    /// Lets go of uses that storage holds by now.
    ///
    /// They are known here until then, so that at no moment a session looks idle longer than it
    /// was. The revision moves because a read that is under way may not have seen them.
    func confirm(_ written: [SessionUse]) {
        revision += 1
        knowledge.withLock { knowledge in
            for use in written where knowledge.uses[use.key] == use.seenAt {
                knowledge.uses[use.key] = nil
            }
            // A dictionary keeps the room of its fullest moment.
            if knowledge.uses.isEmpty { knowledge.uses = [:] }
        }
    }

    /// When a session was last used, as far as it is known here.
    func lastUse(of key: TokenDigest) -> Timestamp? {
        knowledge.withLock { $0.lastUse(of: key) }
    }

    /// What the cache has done since the start.
    var statistics: CacheStatistics {
        knowledge.withLock { knowledge in
            CacheStatistics(
                entries: knowledge.cache.count,
                bytes: knowledge.cache.byteCount,
                hits: knowledge.hits,
                misses: knowledge.misses
            )
        }
    }
}

extension SessionShard.Knowledge {
    /// What the cache knows of a session: where its record is, or that it is over.
    fileprivate enum Look {
        case live(SessionCache.Place)
        case expired
        case unknown
    }

    /// Looks a session up in the cache, and notes that it was used when it is live.
    fileprivate mutating func use(_ key: TokenDigest, at now: Timestamp) -> Look {
        guard let place = cache.find(key) else { return .unknown }
        var times = cache.times(at: place)
        guard !times.isExpired(at: now) else { return .expired }
        if now > times.lastSeenAt {
            note(use: now, of: key, in: &times)
            cache.setUse(times, at: place)
        }
        return .live(place)
    }

    /// When a session was last used.
    fileprivate mutating func lastUse(of key: TokenDigest) -> Timestamp? {
        let cached = cache.find(key).map { cache.times(at: $0).lastSeenAt }
        return [uses[key], cached].compactMap { $0 }.max()
    }

    fileprivate mutating func note(
        use now: Timestamp,
        of key: TokenDigest,
        in times: inout CachedSession.Times
    ) {
        times.lastSeenAt = max(times.lastSeenAt, now)
        guard times.isTouchDue else { return }
        times.writtenAt = times.lastSeenAt
        uses[key] = times.lastSeenAt
    }
}
