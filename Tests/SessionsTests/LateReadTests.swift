import Testing

@testable import Sessions

/// Calls that overlap, each in the one order that would hurt.
///
/// A read of storage is held back after it took its picture; what ends meanwhile must stay ended.
@Suite(.timeLimit(.minutes(10)))
struct LateReadTests {
    /// What ends a session while a read of it is under way.
    enum Ending: CaseIterable, Sendable {
        case logout, sweep, eviction, expiry, outsider, outsiderWhileSuspended
    }

    /// The check that was under way may still say yes, since it began before the end; no check
    /// that begins later may, and so the cache must not have taken the picture in.
    @Test(arguments: Ending.allCases)
    func `a late read cannot revive an ended session`(ending: Ending) async throws {
        let home = await Household()
        let key = try await home.signIn().ticket.digest
        if ending == .outsiderWhileSuspended { await home.store.suspendCaching() }
        let late = try await home.holding(
            .after(.find),
            of: { try await home.store.check(key, at: start + 1) },
            during: { try await end(key, by: ending, in: home) }
        )
        #expect(late != nil, "the read was taken before the end, or nothing is shown here")
        #expect(try await home.store.check(key, at: start + 2) == nil)
        #expect(try await home.store.check(key, at: start + 2) == nil)
    }

    private func end(_ key: TokenDigest, by ending: Ending, in home: Household) async throws {
        switch ending {
        case .logout:
            #expect(try await home.store.end(key, at: start) != nil)
        case .sweep:
            let swept = try await home.store.sweep(at: start + 700, after: nil, limit: 10)
            #expect(swept.removed == 1)
        case .eviction:
            for second in 2...4 { _ = try await home.signIn(at: start + Int64(second)) }
        case .expiry:
            #expect(try await home.store.check(key, at: start + 700) == nil)
        case .outsider:
            await home.storage.removeFromOutside(key)
            await home.store.forgetAll()
        case .outsiderWhileSuspended:
            await home.storage.removeFromOutside(key)
            await home.store.resumeCaching()
        }
    }

    @Test func `a read that nothing disturbed is kept`() async throws {
        let home = await Household()
        let key = try await home.signIn().ticket.digest
        _ = try await home.holding(
            .after(.find),
            of: { try await home.store.check(key, at: start) },
            during: {}
        )
        let reads = await home.reads()
        #expect(try await home.store.check(key, at: start + 1) != nil)
        #expect(await home.reads() == reads)
    }

    /// Removed from storage, not yet acknowledged: a check may say either, and once the end has
    /// returned only one thing.
    @Test func `an end under way is seen at the latest when it returns`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        let ended = try await home.holding(
            .after(.remove),
            of: { try await home.store.end(key, at: start) },
            during: { _ = try await home.store.check(key, at: start + 1) }
        )
        #expect(ended != nil)
        #expect(try await home.store.check(key, at: start + 1) == nil)
    }

    /// The second end finds nothing to remove while the first has not yet told the cache.
    @Test func `of two ends at once neither returns before the cache knows`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        _ = try await home.holding(
            .after(.remove),
            of: { try await home.store.end(key, at: start) },
            during: {
                let second = try await home.store.end(key, at: start)
                #expect(second == nil)
                try await home.expectRefused(key, at: start + 1)
            }
        )
        #expect(try await home.store.check(key, at: start + 1) == nil)
    }

    @Test func `an evicted session is refused once the login that evicted it returns`()
        async throws
    {
        let home = await Household()
        let oldest = try await home.signInCached().ticket.digest
        for second in 1...2 { _ = try await home.signInCached(at: start + Int64(second)) }
        _ = try await home.holding(
            .after(.insert),
            of: { try await home.signIn(at: start + 3) },
            during: { _ = try await home.store.check(oldest, at: start + 3) }
        )
        #expect(try await home.store.check(oldest, at: start + 3) == nil)
    }

    @Test func `the uses of an ended session do not bring it back`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        #expect(try await home.store.check(key, at: start + 30) != nil)
        try await home.holding(
            .before(.touch),
            of: { try await home.store.writeUses() },
            during: { _ = try await home.store.end(key, at: start) }
        )
        #expect(try await home.store.check(key, at: start + 31) == nil)
        #expect(await home.storage.count == 0)
    }
}
