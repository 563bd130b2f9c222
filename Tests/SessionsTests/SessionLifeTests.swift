import Testing

@testable import Sessions

/// What a session lives through when one thing happens after the other.
@Suite(.timeLimit(.minutes(10)))
struct SessionLifeTests {
    @Test func `a session begins, is checked and ends`() async throws {
        let home = await Household()
        let new = try await home.signIn()
        #expect(new.session.createdAt == start)
        #expect(new.session.authenticatedAt == start)
        #expect(new.session.expiresAt == start + 600)
        #expect(new.session.idleLimit == 60)
        #expect(new.session.key == new.ticket.digest)
        #expect(new.session.clientAddress == device.address)
        #expect(new.session.userAgent == device.userAgent)
        #expect(new.insertion.principal == home.person)
        #expect(new.insertion.exceeded.isEmpty)

        let checked = try #require(try await home.store.check(new.ticket.digest, at: start + 1))
        #expect(checked.id == new.session.id)
        #expect(checked.principal == home.person)
        #expect(checked.expiresAt == start + 600)
        #expect(checked.authenticatedAt == start)

        #expect(try await home.store.end(new.ticket.digest, at: start)?.id == new.session.id)
        #expect(try await home.store.check(new.ticket.digest, at: start + 1) == nil)
        #expect(await home.storage.count == 0)
    }

    /// ASVS 7.2.4: a new ticket at each authentication.
    @Test func `each session has a ticket and an id of its own`() async throws {
        let home = await Household(policy: SessionPolicy())
        var keys: Set<TokenDigest> = []
        var ids: Set<PublicID> = []
        for _ in 0..<20 {
            let new = try await home.signIn()
            keys.insert(new.ticket.digest)
            ids.insert(new.session.id)
        }
        #expect(keys.count == 20)
        #expect(ids.count == 20)
    }

    @Test func `a remembered session has the longer limits`() async throws {
        let home = await Household()
        let new = try await home.signIn(isRemembered: true)
        #expect(new.session.isRemembered)
        #expect(try await home.store.check(new.ticket.digest, at: start + 599) != nil)
        #expect(try await home.store.check(new.ticket.digest, at: start + 1198) != nil)
        #expect(try await home.store.check(new.ticket.digest, at: start + 1798) == nil)
    }

    @Test func `a ticket that nobody was given opens nothing`() async throws {
        let home = await Household()
        _ = try await home.signIn()
        #expect(try await home.store.check(Ticket.random().digest, at: start) == nil)
    }

    @Test func `a session in the cache is checked without storage`() async throws {
        let home = await Household()
        let new = try await home.signInCached()
        for second in 1...50 {
            #expect(try await home.store.check(new.ticket.digest, at: start + Int64(second)) != nil)
        }
        #expect(await home.reads() == 1)
    }

    @Test func `nobody without an account gets a session`() async throws {
        let home = await Household()
        await home.storage.drop(home.person)
        await #expect(throws: StorageError.unknownUser) { _ = try await home.signIn() }
        #expect(await home.storage.count == 0)
    }

    /// ASVS 7.4.1: what is ended stays ended, and an end that comes twice is no error.
    @Test func `ending a session twice succeeds and says there was none`() async throws {
        let home = await Household()
        let new = try await home.signInCached()
        #expect(try await home.store.end(new.ticket.digest, at: start)?.id == new.session.id)
        #expect(try await home.store.end(new.ticket.digest, at: start) == nil)
        #expect(try await home.store.end(Ticket.random().digest, at: start) == nil)
    }

    @Test func `details are the whole record, and nil once it ended`() async throws {
        let home = await Household()
        let new = try await home.signIn()
        let found = try await home.store.details(new.ticket.digest)
        #expect(found?.session == new.session)
        #expect(found?.principal == home.person)
        _ = try await home.store.end(new.ticket.digest, at: start)
        #expect(try await home.store.details(new.ticket.digest) == nil)
    }

    @Test func `a login that replaces its own session takes no other device's place`()
        async throws
    {
        let home = await Household(
            policy: SessionPolicy(standard: shortPolicy.standard, sessionsPerAccount: 2)
        )
        let phone = try await home.signIn()
        let laptop = try await home.signIn(at: start + 1)
        let again = try await home.store.begin(
            for: home.person.id,
            policy: home.policy,
            replacing: [laptop.ticket.digest, Ticket.random().digest],
            at: start + 2
        )
        #expect(again.insertion.replaced.map(\.id) == [laptop.session.id])
        #expect(again.insertion.exceeded.isEmpty)
        try await home.expectLive(phone.ticket.digest, at: start + 3)
        try await home.expectRefused(laptop.ticket.digest, at: start + 3)
        try await home.expectLive(again.ticket.digest, at: start + 3)
        // Without one to replace the least recently used one ends.
        _ = try await home.signIn(at: start + 4)
        let phoneIsLive = try await home.store.check(phone.ticket.digest, at: start + 4) != nil
        let againIsLive = try await home.store.check(again.ticket.digest, at: start + 4) != nil
        #expect(phoneIsLive != againIsLive)
    }

    // MARK: limits

    @Test(arguments: [true, false])
    func `ASVS 7.3.2: the second at which the absolute limit ends a session`(
        isCached: Bool
    ) async throws {
        let home = await Household(policy: SessionPolicy(standard: .init(absolute: 100, idle: 100)))
        let new = isCached ? try await home.signInCached() : try await home.signIn()
        #expect(try await home.store.check(new.ticket.digest, at: start + 99) != nil)
        if !isCached { await home.store.forgetAll() }
        #expect(try await home.store.check(new.ticket.digest, at: start + 100) == nil)
        #expect(await home.storage.record(new.ticket.digest) == nil)
    }

    @Test(arguments: [true, false])
    func `ASVS 7.3.1: the second at which the idle limit ends a session`(
        isCached: Bool
    ) async throws {
        let home = await Household()
        let new = isCached ? try await home.signInCached() : try await home.signIn()
        #expect(try await home.store.check(new.ticket.digest, at: start + 59) != nil)
        if !isCached { await home.store.forgetAll() }
        #expect(try await home.store.check(new.ticket.digest, at: start + 118) != nil)
        #expect(try await home.store.check(new.ticket.digest, at: start + 178) == nil)
        #expect(await home.storage.record(new.ticket.digest) == nil)
    }

    @Test(arguments: [true, false])
    func `an expired session stays refused when the clock is set back`(
        isCached: Bool
    ) async throws {
        let home = await Household()
        let new = isCached ? try await home.signInCached() : try await home.signIn()
        #expect(try await home.store.check(new.ticket.digest, at: start + 700) == nil)
        #expect(try await home.store.check(new.ticket.digest, at: start + 1) == nil)
        await home.store.forgetAll()
        #expect(try await home.store.check(new.ticket.digest, at: start + 1) == nil)
    }

    @Test func `a clock set back neither ends a session nor shortens it`() async throws {
        let home = await Household()
        let new = try await home.signInCached()
        #expect(try await home.store.check(new.ticket.digest, at: start + 50) != nil)
        #expect(try await home.store.check(new.ticket.digest, at: start + -500) != nil)
        #expect(try await home.store.check(new.ticket.digest, at: start + 109) != nil)
    }

    // MARK: how many

    /// ASVS 7.1.2: a documented number of sessions per account.
    @Test func `one session too many ends the one used least recently, cached or not`()
        async throws
    {
        let home = await Household()
        let first = try await home.signInCached(at: start)
        let second = try await home.signInCached(at: start + 1)
        let third = try await home.signInCached(at: start + 2)
        // The first is used, and storage is told, so that the second is the oldest.
        _ = try await home.store.check(first.ticket.digest, at: start + 10)
        try await home.store.writeUses()
        let fourth = try await home.signIn(at: start + 11)
        #expect(fourth.insertion.exceeded.count == 1)
        #expect(try await home.store.check(second.ticket.digest, at: start + 11) == nil)
        for kept in [first, third, fourth] {
            #expect(try await home.store.check(kept.ticket.digest, at: start + 11) != nil)
        }
    }

    @Test func `the sessions of one account do not end those of another`() async throws {
        let home = await Household()
        let other = makePrincipal("bob")
        await home.storage.add(other)
        let kept = try await home.store.begin(
            for: other.id,
            policy: home.policy,
            at: start
        )
        for _ in 0..<5 { _ = try await home.signIn(at: start + 1) }
        #expect(
            try await home.store.check(kept.ticket.digest, at: start + 1)?.principal == other
        )
    }
}
