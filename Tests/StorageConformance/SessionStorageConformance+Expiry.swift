internal import Accounts
internal import Sessions
internal import Testing

extension SessionStorageConformance {
    /// Promise 9.
    static let expiry = [
        ConformanceCase(9, "the absolute limit removes at its very second (ASVS 7.3.2)") {
            storage in
            let ada = try await storage.signUp()
            let now = Sample.start + 1000
            let over = [
                Sample.session(of: ada, lifetime: 1000, idle: 9999),
                Sample.session(of: ada, lifetime: 999, idle: 9999),
            ]
            let live = [
                Sample.session(of: ada, lifetime: 1001, idle: 9999),
                Sample.session(of: ada, at: 2000, lifetime: 1, idle: 1),
                Sample.session(of: ada, lifetime: 1 << 40, idle: .max),
            ]
            try await expectSweep(of: storage, over: over, live: live, at: now)
        },
        ConformanceCase(9, "the idle limit removes when no stored time can lag (ASVS 7.3.1)") {
            storage in
            let ada = try await storage.signUp()
            let now = Sample.start + 10_000
            var over: [Session] = []
            var live: [Session] = []
            for idle in [Int64(5), 60, 599, 600, 601, 3600] {
                let lag = SessionPolicy.touchInterval(idleLimit: idle)
                let age = 10_000 - idle - lag
                over.append(Sample.session(of: ada, at: age - 1, idle: idle))
                live.append(Sample.session(of: ada, at: age, idle: idle))
                live.append(Sample.session(of: ada, at: 10_000 - idle, idle: idle))
            }
            try await expectSweep(of: storage, over: over, live: live, at: now)
        },
        ConformanceCase(9, "a session that was used since is not over") { storage in
            let ada = try await storage.signUp()
            let session = Sample.session(of: ada, idle: 100)
            try await storage.signIn(session)
            try await storage.sessions.touch([
                SessionUse(key: session.key, seenAt: Sample.start + 50)
            ])
            let sweep = try await storage.sessions.removeExpired(
                at: Sample.start + 160,
                after: nil,
                limit: 100
            )
            #expect(sweep.removed.isEmpty)
            #expect(try await storage.sessions.find(session.key) != nil)
        },
        ConformanceCase(9, "small steps visit every record once, at most limit at a time") {
            storage in
            let ada = try await storage.signUp()
            let over = (0..<20).map { _ in Sample.session(of: ada, lifetime: 10) }
            let live = (0..<15).map { _ in Sample.session(of: ada) }
            for session in over + live { try await storage.signIn(session) }
            var removed: [TokenDigest] = []
            var cursor: TokenDigest?
            var steps = 0
            repeat {
                let sweep = try await storage.sessions.removeExpired(
                    at: Sample.start + 10,
                    after: cursor,
                    limit: 4
                )
                #expect(sweep.removed.count <= 4)
                removed += sweep.removed
                cursor = sweep.cursor
                steps += 1
            } while cursor != nil && steps < 100
            // 35 records in steps of 4 are 8 full steps and one of 3.
            #expect(steps == 9)
            #expect(removed.count == 20)
            #expect(Set(removed) == Set(over.map(\.key)))
            for session in live { #expect(try await storage.sessions.find(session.key) != nil) }
        },
        ConformanceCase(9, "an empty storage is swept in one step") { storage in
            let sweep = try await storage.sessions.removeExpired(
                at: Sample.start,
                after: nil,
                limit: 4
            )
            #expect(sweep == Sweep(removed: [], cursor: nil))
        },
    ]

    private static func expectSweep(
        of storage: StorageUnderTest,
        over: [Session],
        live: [Session],
        at now: Timestamp
    ) async throws {
        for session in over + live { try await storage.signIn(session) }
        let sweep = try await storage.sessions.removeExpired(at: now, after: nil, limit: 100)
        #expect(Set(sweep.removed) == Set(over.map(\.key)))
        #expect(sweep.cursor == nil)
        for session in over { #expect(try await storage.sessions.find(session.key) == nil) }
        for session in live {
            #expect(try await storage.sessions.find(session.key)?.session == session)
        }
        #expect(try await storage.sessions.sessionCount() == live.count)
    }
}
