@testable import Sessions

/// The numbered promises of `SessionStorage` kept in memory, with gates and failures to order.
///
/// Each call passes a gate, has its whole effect in one step, and passes a second gate: what it
/// answers is then as old as a test wants it to be.
actor MemoryStorage: SessionStorage {
    /// Where tests hold calls back.
    let gates = Gates()
    /// What the last calls of `touch` were given, in their order.
    private(set) var touches: [[SessionUse]] = []
    /// How often each call came in.
    private(set) var counts: [Point.Call: Int] = [:]

    private var users: [PublicID: Principal] = [:]
    private var records: [TokenDigest: Session] = [:]
    private var failures: Set<Point.Call> = []
    private var touchesUntilFailure: Int?

    /// What a failing call throws.
    static let failure = StorageError.unavailable(code: "io", detail: "ordered by a test")

    // MARK: what tests do to it

    /// Adds somebody who can have sessions.
    func add(_ user: Principal) {
        users[user.id] = user
    }

    /// Removes somebody, or disables the account, which looks the same from here.
    func drop(_ user: Principal) {
        users[user.id] = nil
    }

    /// Ends a session as another process would, which nobody here is told of.
    func removeFromOutside(_ key: TokenDigest) {
        records[key] = nil
    }

    /// Makes calls throw from now on.
    func fail(_ calls: Point.Call...) {
        failures.formUnion(calls)
    }

    /// Makes `touch` throw after a number of calls that work.
    func failTouch(after count: Int) {
        touchesUntilFailure = count
    }

    /// Makes every call work again.
    func recover() {
        failures = []
        touchesUntilFailure = nil
    }

    /// The record of a session as stored.
    func record(_ key: TokenDigest) -> Session? { records[key] }

    /// How many sessions are stored.
    var sessionCount: Int { records.count }

    // MARK: the promises

    func insert(
        _ session: Session,
        keeping limit: Int
    ) async throws(StorageError) -> Insertion {
        try await begin(.insert)
        guard records[session.key] == nil, !records.values.contains(where: { $0.id == session.id })
        else { throw .duplicate }
        guard let user = users[session.userID] else { throw .unknownUser }
        records[session.key] = session
        let ended = records.values
            .filter { $0.userID == session.userID && $0.key != session.key }
            .sorted { ($0.lastSeenAt, $0.createdAt) > ($1.lastSeenAt, $1.createdAt) }
            .dropFirst(max(0, limit - 1))
            .map(\.key)
        for key in ended { records[key] = nil }
        await gates.pass(.after(.insert))
        return Insertion(principal: user, ended: ended)
    }

    func replace(
        _ old: TokenDigest,
        with session: Session
    ) async throws(StorageError) -> Principal {
        try await begin(.replace)
        guard records[old] != nil, let user = users[session.userID] else { throw .unknownUser }
        records[old] = nil
        records[session.key] = session
        await gates.pass(.after(.replace))
        return user
    }

    func find(_ key: TokenDigest) async throws(StorageError) -> FoundSession? {
        try await begin(.find)
        let found = records[key].flatMap { session in
            users[session.userID].map { FoundSession(session: session, principal: $0) }
        }
        await gates.pass(.after(.find))
        return found
    }

    func touch(_ uses: [SessionUse]) async throws(StorageError) {
        try await begin(.touch)
        if let left = touchesUntilFailure {
            guard left > 0 else { throw MemoryStorage.failure }
            touchesUntilFailure = left - 1
        }
        touches.append(uses)
        for use in uses {
            guard let session = records[use.key] else { continue }
            records[use.key]?.lastSeenAt = max(session.lastSeenAt, use.seenAt)
        }
        await gates.pass(.after(.touch))
    }

    func remove(_ key: TokenDigest) async throws(StorageError) -> PublicID? {
        try await begin(.remove)
        let removed = records.removeValue(forKey: key)
        await gates.pass(.after(.remove))
        return removed?.id
    }

    func removeExpired(
        at now: Timestamp,
        after cursor: TokenDigest?,
        limit: Int
    ) async throws(StorageError) -> Sweep {
        try await begin(.removeExpired)
        let rest = records.values.sorted { $0.key < $1.key }
            .filter { session in cursor.map { session.key > $0 } ?? true }
        let visited = rest.prefix(limit)
        let removed = visited.filter { $0.isExpired(at: now) }.map(\.key)
        for key in removed { records[key] = nil }
        await gates.pass(.after(.removeExpired))
        return Sweep(removed: removed, cursor: rest.count > limit ? visited.last?.key : nil)
    }

    private func begin(_ call: Point.Call) async throws(StorageError) {
        counts[call, default: 0] += 1
        await gates.pass(.before(call))
        guard !failures.contains(call) else { throw MemoryStorage.failure }
    }
}
