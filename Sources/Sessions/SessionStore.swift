/// The sessions: begun at login, checked at every request, ended at logout, all on the server.
///
/// The store is a set of actors, one per share of the keys, in front of `SessionStorage`. A check
/// that finds its session in the cache never touches storage; everything that begins or ends a
/// session is durable before it returns.
///
/// Delete wins: once `end` has returned, no check accepts the session, whatever was in flight.
/// `SessionShard` says how.
package final class SessionStore: Sendable {
    private let storage: any SessionStorage
    private let policy: SessionPolicy
    private let shards: [SessionShard]

    /// How many shards there are.
    ///
    /// Enough that workers rarely meet at one, few enough that
    /// walking them all is nothing. A power of two, at most 256, since one byte chooses.
    private static let shardCount = 64

    /// The most uses that one write to storage carries, so that writers behind it wait briefly.
    private static let useBatch = 500

    /// Creates the store.
    ///
    /// - Parameter capacity: how many sessions the cache holds at most.
    package init(storage: any SessionStorage, policy: SessionPolicy, capacity: Int = 100_000) {
        self.storage = storage
        self.policy = policy
        let share = max(2, capacity / SessionStore.shardCount)
        shards = (0..<SessionStore.shardCount).map { _ in SessionShard(capacity: share) }
    }

    // MARK: a session's life

    /// Begins a session with a ticket of its own.
    ///
    /// The sessions of the `old` tickets, which the same browser held, end once the new one is
    /// there; until then they live, so that a login that fails signs nobody out. The account's
    /// least recently used sessions end when it would have more than the policy allows.
    ///
    /// - Throws: `.unknownUser` when the account is gone or disabled by now; `.unavailable` when
    ///   storage failed, and then nothing began.
    package func begin(
        for userID: PublicID,
        client: ClientDescription,
        isRemembered: Bool,
        replacing old: [TokenDigest] = [],
        at now: Timestamp
    ) async throws(StorageError) -> NewSession {
        // What is about to end takes no other device's place within the limit.
        var room = policy.sessionsPerAccount
        for key in old where try await check(key, at: now)?.principal.id == userID { room += 1 }
        let ticket = Ticket.random()
        let limits = policy.limits(isRemembered: isRemembered)
        let session = Session(
            key: ticket.digest,
            id: .random(),
            userID: userID,
            createdAt: now,
            authenticatedAt: now,
            lastSeenAt: now,
            expiresAt: now + limits.absolute,
            idleLimit: limits.idle,
            isRemembered: isRemembered,
            clientAddress: client.address,
            userAgent: client.userAgent
        )
        let insertion = try await storage.insert(session, keeping: room)
        for key in insertion.ended { await shard(of: key).forget(key) }
        var replaced: [PublicID] = []
        for key in old {
            if let id = try await end(key) { replaced.append(id) }
        }
        return NewSession(
            ticket: ticket,
            session: session,
            principal: insertion.principal,
            endedCount: insertion.ended.count,
            replaced: replaced
        )
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
        let shard = shard(of: key)
        var finding = await shard.find(key, at: now)
        while case .unknown(let revision) = finding {
            guard let found = try await storage.find(key) else { return nil }
            finding = await shard.admit(found, readAt: revision, at: now)
        }
        switch finding {
        case .live(let session): return session
        case .expired, .unknown:
            _ = try await end(key)
            return nil
        }
    }

    /// Returns the whole record of a session that a check has just accepted; `nil` when it ended
    /// since.
    package func details(_ key: TokenDigest) async throws(StorageError) -> FoundSession? {
        try await storage.find(key)
    }

    /// Ends a session; an absent one is ended already.
    ///
    /// - Returns: the public id of the session that ended, `nil` when there was none.
    /// - Throws: `.unavailable` when storage failed; then the session must be taken to live on.
    package func end(_ key: TokenDigest) async throws(StorageError) -> PublicID? {
        let id = try await storage.remove(key)
        await shard(of: key).forget(key)
        return id
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
        for key in step.removed { await shard(of: key).forget(key) }
        return (step.cursor, step.removed.count)
    }

    // MARK: changes made by others

    /// Empties the cache after another process has changed storage.
    package func forgetAll() async {
        for shard in shards { await shard.forgetAll() }
    }

    /// Stops caching while changes by other processes cannot be seen.
    package func suspendCaching() async {
        for shard in shards { await shard.suspend() }
    }

    /// Caches again.
    package func resumeCaching() async {
        for shard in shards { await shard.resume() }
    }

    private func shard(of key: TokenDigest) -> SessionShard {
        shards[Int(key.firstByte) & (SessionStore.shardCount - 1)]
    }
}

/// A session that has just begun.
package struct NewSession: Sendable {
    /// The ticket for the cookie; it is not kept anywhere else.
    package let ticket: Ticket
    /// The record of the session.
    package let session: Session
    /// The account, as of the transaction that began the session.
    package let principal: Principal
    /// How many older sessions ended to make room.
    package let endedCount: Int
    /// The sessions that the same browser had, which are over.
    package var replaced: [PublicID] = []
}

/// What is known about the device that begins a session.
package struct ClientDescription: Hashable, Sendable {
    /// The address from which it came, as nginx's REMOTE_ADDR said.
    package let address: String
    /// What the browser called itself, cut to 256 bytes.
    package let userAgent: String

    /// Describes a device.
    package init(address: String, userAgent: String) {
        self.address = address
        self.userAgent = userAgent
    }
}
