import Testing

@testable import Sessions

/// What timers and other processes make the store do.
@Suite(.timeLimit(.minutes(10)))
struct UpkeepTests {
    @Test func `a sweep goes through all sessions in steps and removes the expired`()
        async throws
    {
        let home = await Household(policy: SessionPolicy(sessionsPerAccount: 100))
        var old: [TokenDigest] = []
        var fresh: [TokenDigest] = []
        for _ in 0..<10 { old.append(try await home.signInCached(at: start).ticket.digest) }
        let later = start + 80_000
        for _ in 0..<15 { fresh.append(try await home.signInCached(at: later).ticket.digest) }
        var cursor: TokenDigest?
        var removed = 0
        var steps = 0
        repeat {
            let step = try await home.store.sweep(at: later + 1, after: cursor, limit: 4)
            cursor = step.cursor
            removed += step.removed
            steps += 1
        } while cursor != nil && steps < 100
        #expect(removed == 10)
        #expect(steps >= 7, "25 sessions in steps of four")
        #expect(await home.storage.count == 15)
        for key in old { #expect(try await home.store.check(key, at: start + 1) == nil) }
        for key in fresh { #expect(try await home.store.check(key, at: later + 1) != nil) }
    }

    @Test func `a sweep of nothing ends at once`() async throws {
        let home = await Household()
        let step = try await home.store.sweep(at: start, after: nil, limit: 4)
        #expect(step.cursor == nil)
        #expect(step.removed == 0)
    }

    @Test func `after another process changed storage every session is read anew`() async throws {
        let home = await Household()
        let ended = try await home.signInCached().ticket.digest
        let kept = try await home.signInCached().ticket.digest
        await home.storage.removeFromOutside(ended)
        await home.store.forgetAll()
        #expect(try await home.store.check(ended, at: start + 1) == nil)
        #expect(try await home.store.check(kept, at: start + 1) != nil)
    }

    @Test func `a disabled account is refused after the cache was emptied`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        await home.storage.drop(home.person)
        await home.store.forgetAll()
        #expect(try await home.store.check(key, at: start + 1) == nil)
    }

    @Test func `a cache that has not been vouched for in time speaks for nobody`() async throws {
        let home = await Household()
        let ended = try await home.signInCached().ticket.digest
        let kept = try await home.signInCached().ticket.digest
        home.store.trustCache(until: .now + .seconds(60))
        #expect(home.store.cached(ended, at: start) != nil)
        // As when this program was stopped while another machine ended a session.
        home.store.trustCache(until: .now)
        await home.storage.removeFromOutside(ended)
        #expect(home.store.cached(ended, at: start) == nil)
        try await home.expectRefused(ended, at: start)
        let reads = await home.reads()
        try await home.expectLive(kept, at: start)
        #expect(await home.reads() == reads + 1)
        home.store.trustCache(until: .now + .seconds(60))
        #expect(home.store.cached(kept, at: start) != nil)
    }

    @Test func `while caching is suspended every check reads storage`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        await home.store.suspendCaching()
        let before = await home.reads()
        for second in 1...5 { _ = try await home.store.check(key, at: start + Int64(second)) }
        #expect(await home.reads() == before + 5)
        await home.storage.removeFromOutside(key)
        #expect(try await home.store.check(key, at: start + 6) == nil)
    }

    @Test func `after caching was resumed one read is enough`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        await home.store.suspendCaching()
        _ = try await home.store.check(key, at: start + 1)
        await home.store.resumeCaching()
        let before = await home.reads()
        for second in 2...6 { try await home.expectLive(key, at: start + Int64(second)) }
        #expect(await home.reads() == before + 1)
    }

    @Test func `with caching suspended a read that fails is no refusal`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        await home.store.suspendCaching()
        await home.storage.fail(.find)
        await #expect(throws: MemoryStorage.failure) {
            _ = try await home.store.check(key, at: start + 1)
        }
    }

    @Test func `a cache smaller than the sessions refuses none of them`() async throws {
        let home = await Household(policy: SessionPolicy(sessionsPerAccount: 1000), cacheBytes: 1)
        var keys: [TokenDigest] = []
        for _ in 0..<500 { keys.append(try await home.signInCached().ticket.digest) }
        for key in keys { #expect(try await home.store.check(key, at: start + 1) != nil) }
    }

    @Test func `a shard keeps no more than its bytes`() async throws {
        let shard = SessionShard(bytes: 1024, lease: CacheLease())
        for byte in UInt8.min..<100 {
            let key = try digest(byte)
            let found = FoundSession(
                session: storedSession(key: key, userID: .random()),
                principal: makePrincipal()
            )
            _ = await shard.admit(found, readAt: 0, at: start)
        }
        let statistics = await shard.statistics
        #expect(statistics.bytes <= 1024)
        #expect((4...8).contains(statistics.entries))
    }
}
