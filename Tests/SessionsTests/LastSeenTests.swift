import Testing

@testable import Sessions

/// Uses are gathered in memory and written now and then; what that may cost a session.
@Suite(.timeLimit(.minutes(10)))
struct LastSeenTests {
    /// The idle limit is 60 seconds here, so a use is written every six.
    @Test func `a session's use is written at most once per interval`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        for second in 1...59 {
            #expect(try await home.store.check(key, at: start + Int64(second)) != nil)
            try await home.store.writeUses()
        }
        let written = await home.storage.touches.flatMap(\.self)
        #expect(written.map(\.seenAt) == stride(from: 6, through: 54, by: 6).map { start + $0 })
        #expect(written.allSatisfy { $0.key == key })
    }

    @Test func `a session that is used on another machine is not idle on this one`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        let other = SessionStore(storage: home.storage)
        #expect(try await other.check(key, at: start + 50) != nil)
        try await other.writeUses()
        #expect(try await home.store.check(key, at: start + 70) != nil)
        #expect(try await home.store.check(key, at: start + 130) == nil)
        #expect(await home.storage.record(key) == nil)
    }

    @Test func `many uses between two writes are one`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        for second in 1...59 { _ = try await home.store.check(key, at: start + Int64(second)) }
        try await home.store.writeUses()
        try await home.store.writeUses()
        let written = await home.storage.touches.flatMap(\.self)
        #expect(written == [SessionUse(key: key, seenAt: start + 54)])
    }

    @Test func `a use outlives the cache by what the interval allows`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        #expect(try await home.store.check(key, at: start + 50) != nil)
        await home.store.forgetAll()
        #expect(try await home.store.check(key, at: start + 109) != nil)
        await home.store.forgetAll()
        try await home.store.writeUses()
        #expect(await home.storage.record(key)?.lastSeenAt == start + 109)
    }

    @Test func `without the cache uses count as well`() async throws {
        let home = await Household()
        await home.store.suspendCaching()
        let key = try await home.signIn().ticket.digest
        for second in stride(from: 50, through: 550, by: 50) {
            #expect(try await home.store.check(key, at: start + Int64(second)) != nil)
        }
    }

    @Test func `uses that could not be written are written the next time`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        #expect(try await home.store.check(key, at: start + 30) != nil)
        await home.storage.fail(.touch)
        await #expect(throws: MemoryStorage.failure) { try await home.store.writeUses() }
        await home.storage.recover()
        try await home.store.writeUses()
        #expect(await home.storage.record(key)?.lastSeenAt == start + 30)
    }

    @Test func `a newer use is not undone by an older write that failed`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        #expect(try await home.store.check(key, at: start + 30) != nil)
        await #expect(throws: MemoryStorage.failure) {
            try await home.holding(
                .before(.touch),
                of: { try await home.store.writeUses() },
                during: {
                    try await home.expectLive(key, at: start + 50)
                    await home.storage.fail(.touch)
                }
            )
        }
        await home.storage.recover()
        try await home.store.writeUses()
        #expect(await home.storage.record(key)?.lastSeenAt == start + 50)
    }

    @Test func `a newer use is not dropped by an older write that worked`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        #expect(try await home.store.check(key, at: start + 30) != nil)
        try await home.holding(
            .after(.touch),
            of: { try await home.store.writeUses() },
            during: { try await home.expectLive(key, at: start + 50) }
        )
        try await home.store.writeUses()
        #expect(await home.storage.record(key)?.lastSeenAt == start + 50)
    }

    @Test func `when one of many writes fails the others are not lost`() async throws {
        let home = await Household(policy: SessionPolicy(sessionsPerAccount: 1000))
        var keys: [TokenDigest] = []
        for _ in 0..<300 { keys.append(try await home.signInCached().ticket.digest) }
        for key in keys { _ = try await home.store.check(key, at: start + 100) }
        await home.storage.failTouch(after: 10)
        await #expect(throws: MemoryStorage.failure) { try await home.store.writeUses() }
        await home.storage.recover()
        try await home.store.writeUses()
        for key in keys {
            #expect(await home.storage.record(key)?.lastSeenAt == start + 100)
        }
    }

    // MARK: a use that is on its way to storage counts

    /// The use has been taken for writing, storage does not have it yet, and the cache is gone:
    /// whoever reads now must not take the session for idle.
    @Test func `a use that is being written keeps its session alive`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        #expect(try await home.store.check(key, at: start + 50) != nil)
        await home.store.forgetAll()
        try await home.holding(
            .before(.touch),
            of: { try await home.store.writeUses() },
            during: { try await home.expectLive(key, at: start + 70) }
        )
        #expect(try await home.store.check(key, at: start + 71) != nil)
    }

    /// The picture of the session is older than the write, and the write is over when the
    /// picture arrives.
    @Test func `a use written behind the back of a late read keeps its session alive`()
        async throws
    {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        #expect(try await home.store.check(key, at: start + 50) != nil)
        await home.store.forgetAll()
        let late = try await home.holding(
            .after(.find),
            of: { try await home.store.check(key, at: start + 70) },
            during: { try await home.store.writeUses() }
        )
        #expect(late != nil)
        #expect(try await home.store.check(key, at: start + 71) != nil)
    }

    @Test func `a sweep does not remove a session whose use is not written yet`() async throws {
        let home = await Household()
        let key = try await home.signInCached().ticket.digest
        #expect(try await home.store.check(key, at: start + 50) != nil)
        let swept = try await home.store.sweep(at: start + 70, after: nil, limit: 10)
        #expect(swept.removed == 0)
        #expect(try await home.store.check(key, at: start + 70) != nil)
    }

    /// Two reads at once: the slower one has the older clock, and must not set the use back.
    @Test func `a slower check with an older clock does not shorten a session`() async throws {
        let home = await Household()
        let key = try await home.signIn().ticket.digest
        _ = try await home.holding(
            .after(.find),
            of: { try await home.store.check(key, at: start + 1) },
            during: { try await home.expectLive(key, at: start + 5) }
        )
        #expect(try await home.store.check(key, at: start + 64) != nil)
    }

    @Test func `a slower check with an older clock does not set back what is to be written`()
        async throws
    {
        let home = await Household()
        let key = try await home.signIn().ticket.digest
        _ = try await home.holding(
            .after(.find),
            of: { try await home.store.check(key, at: start + 1) },
            during: { try await home.expectLive(key, at: start + 50) }
        )
        try await home.store.writeUses()
        #expect(await home.storage.record(key)?.lastSeenAt == start + 50)
    }
}
