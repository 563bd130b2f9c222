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
    private var tombs: [TokenDigest: (session: EndedSession, at: Timestamp)] = [:]
    private var versions: [PublicID: Int64] = [:]
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

    /// Moves the number of somebody's password, as a change of it does.
    func changePassword(of user: Principal) {
        versions[user.id, default: 1] += 1
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

    /// Whose session a key is or was.
    func owner(of key: TokenDigest) -> PublicID? {
        records[key]?.userID ?? tombs[key]?.session.userID
    }

    /// The record of a session as stored.
    func record(_ key: TokenDigest) -> Session? { records[key] }

    /// How many sessions are stored.
    var count: Int { records.count }

    // MARK: the promises

    func insert(
        _ session: Session,
        for authentication: Authentication,
        keeping limit: Int,
        ending old: [TokenDigest]
    ) async throws(StorageError) -> Insertion {
        try await begin(.insert)
        guard records[session.key] == nil, !records.values.contains(where: { $0.id == session.id })
        else { throw .duplicate }
        let user = try user(of: session, authentication)
        let replaced = old.compactMap { bury($0, at: session.lastSeenAt) }
        records[session.key] = session
        let exceeded = records.values
            .filter { $0.userID == session.userID && $0.key != session.key }
            .sorted { ($0.lastSeenAt, $0.createdAt) > ($1.lastSeenAt, $1.createdAt) }
            .dropFirst(max(0, limit - 1))
            .compactMap { bury($0.key, at: session.lastSeenAt) }
        await gates.pass(.after(.insert))
        return Insertion(principal: user, replaced: replaced, exceeded: Array(exceeded))
    }

    func replace(
        _ old: TokenDigest,
        with session: Session,
        for authentication: Authentication
    ) async throws(StorageError) -> Principal {
        try await begin(.replace)
        guard records[old]?.userID == session.userID else { throw .unknownUser }
        let user = try user(of: session, authentication)
        _ = bury(old, at: session.lastSeenAt)
        records[session.key] = session
        await gates.pass(.after(.replace))
        return user
    }

    func sessions(of user: PublicID) async throws(StorageError) -> [Session] {
        try await begin(.list)
        let sessions = records.values.filter { $0.userID == user }
            .sorted { $0.lastSeenAt > $1.lastSeenAt }
        await gates.pass(.after(.list))
        return sessions
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

    func remove(
        _ key: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await begin(.remove)
        let ended = bury(key, at: now)
        await gates.pass(.after(.remove))
        return ended
    }

    func remove(
        _ id: PublicID,
        of user: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await begin(.remove)
        let key = records.values.first { $0.id == id && $0.userID == user }?.key
        let ended = key.flatMap { bury($0, at: now) }
        await gates.pass(.after(.remove))
        return ended
    }

    func removeAll(
        of user: PublicID?,
        except kept: PublicID?,
        at now: Timestamp
    ) async throws(StorageError) -> [EndedSession] {
        try await begin(.removeAll)
        let ended = records.values
            .filter { (user == nil || $0.userID == user) && $0.id != kept }
            .compactMap { bury($0.key, at: now) }
        await gates.pass(.after(.removeAll))
        return ended
    }

    func ended(
        _ key: TokenDigest,
        since time: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await begin(.ended)
        guard let tomb = tombs[key], tomb.at >= time else { return nil }
        return tomb.session
    }

    func forgetEnded(before time: Timestamp, limit: Int) async throws(StorageError) -> Int { 0 }

    func sessionCount() async throws(StorageError) -> Int { records.count }

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
        for key in removed { _ = bury(key, at: now) }
        await gates.pass(.after(.removeExpired))
        return Sweep(removed: removed, cursor: rest.count > limit ? visited.last?.key : nil)
    }

    private func user(
        of session: Session,
        _ authentication: Authentication
    ) throws(StorageError) -> Principal {
        guard let user = users[session.userID], authentication.userID == user.id,
            authentication.credentialVersion == versions[user.id, default: 1]
        else { throw .unknownUser }
        return user
    }

    private func bury(_ key: TokenDigest, at now: Timestamp) -> EndedSession? {
        guard let session = records.removeValue(forKey: key) else { return nil }
        let ended = EndedSession(key: key, id: session.id, userID: session.userID)
        tombs[key] = (ended, now)
        return ended
    }

    private func begin(_ call: Point.Call) async throws(StorageError) {
        counts[call, default: 0] += 1
        await gates.pass(.before(call))
        guard !failures.contains(call) else { throw MemoryStorage.failure }
    }
}
