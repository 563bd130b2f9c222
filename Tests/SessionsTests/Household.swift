import Testing

@testable import Sessions

/// A store over storage in memory, with one person who can sign in.
struct Household {
    let storage = MemoryStorage()
    let store: SessionStore
    let person = makePrincipal()
    let policy: SessionPolicy

    /// Sets the house up.
    init(policy: SessionPolicy = shortPolicy, cacheBytes: Int = 1 << 20) async {
        self.policy = policy
        store = SessionStore(storage: storage, cacheBytes: cacheBytes)
        await storage.add(person)
    }

    /// Signs the person in.
    func signIn(isRemembered: Bool = false, at now: Timestamp = start) async throws -> Begun {
        try await store.begin(
            for: person.id,
            isRemembered: isRemembered,
            policy: policy,
            at: now
        )
    }

    /// Signs the person in and checks the session, so that the cache knows it.
    func signInCached(at now: Timestamp = start) async throws -> Begun {
        let new = try await signIn(at: now)
        _ = try await store.check(new.ticket.digest, at: now)
        return new
    }

    /// How often storage was asked for a session.
    func reads() async -> Int { await storage.counts[.find] ?? 0 }

    /// Expects that a check accepts a session.
    func expectLive(
        _ key: TokenDigest,
        at now: Timestamp,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let session = try await store.check(key, at: now)
        #expect(session != nil, sourceLocation: sourceLocation)
    }

    /// Expects that a check refuses a session.
    func expectRefused(
        _ key: TokenDigest,
        at now: Timestamp,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let session = try await store.check(key, at: now)
        #expect(session == nil, sourceLocation: sourceLocation)
    }

    /// Starts `call`, and runs `body` while it waits at a point; everything else passes.
    ///
    /// - Returns: what `call` made of it in the end.
    func holding<Result: Sendable>(
        _ point: Point,
        of call: @escaping @Sendable () async throws -> Result,
        during body: () async throws -> Void
    ) async throws -> Result {
        await storage.gates.hold(point)
        let task = Task { try await call() }
        await storage.gates.arrival(at: point)
        do {
            try await body()
        } catch {
            await storage.gates.release(point)
            throw error
        }
        await storage.gates.release(point)
        return try await task.value
    }
}
