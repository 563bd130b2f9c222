import Testing

@testable import Sessions

/// A failure of storage is neither yes nor no.
@Suite(.timeLimit(.minutes(10)))
struct StorageFailureTests {
    @Test func `a check that storage cannot answer throws and never says signed out`()
        async throws
    {
        let home = await Household()
        let new = try await home.signIn()
        await home.storage.fail(.find)
        await #expect(throws: MemoryStorage.failure) {
            _ = try await home.store.check(new.ticket.digest, at: start)
        }
        await #expect(throws: MemoryStorage.failure) {
            _ = try await home.store.details(new.ticket.digest)
        }
        await home.storage.recover()
        #expect(try await home.store.check(new.ticket.digest, at: start) != nil)
    }

    @Test func `what the cache knows is answered while storage is away`() async throws {
        let home = await Household()
        let new = try await home.signInCached()
        await home.storage.fail(.find, .touch, .remove)
        #expect(try await home.store.check(new.ticket.digest, at: start + 30) != nil)
    }

    @Test func `an expired session that cannot be removed is not accepted`() async throws {
        let home = await Household()
        let new = try await home.signInCached()
        await home.storage.fail(.remove)
        await #expect(throws: MemoryStorage.failure) {
            _ = try await home.store.check(new.ticket.digest, at: start + 60)
        }
        await home.storage.recover()
        #expect(try await home.store.check(new.ticket.digest, at: start + 60) == nil)
    }

    @Test(arguments: [true, false])
    func `an end that throws leaves the session live`(isCached: Bool) async throws {
        let home = await Household()
        let new = isCached ? try await home.signInCached() : try await home.signIn()
        await home.storage.fail(.remove)
        await #expect(throws: MemoryStorage.failure) {
            _ = try await home.store.end(new.ticket.digest, at: start)
        }
        #expect(try await home.store.check(new.ticket.digest, at: start + 1) != nil)
        await home.storage.recover()
        #expect(try await home.store.end(new.ticket.digest, at: start)?.id == new.session.id)
        #expect(try await home.store.check(new.ticket.digest, at: start + 1) == nil)
    }

    @Test func `a begin that throws begins nothing and ends nothing`() async throws {
        let home = await Household()
        var kept: [Begun] = []
        for _ in 0..<3 { kept.append(try await home.signInCached()) }
        await home.storage.fail(.insert)
        await #expect(throws: MemoryStorage.failure) { _ = try await home.signIn() }
        await home.storage.recover()
        for session in kept {
            #expect(try await home.store.check(session.ticket.digest, at: start) != nil)
        }
        #expect(await home.storage.count == 3)
    }

    @Test func `a sweep that throws removes nothing from the cache`() async throws {
        let home = await Household()
        let new = try await home.signInCached()
        await home.storage.fail(.removeExpired)
        await #expect(throws: MemoryStorage.failure) {
            _ = try await home.store.sweep(at: start + 700, after: nil, limit: 10)
        }
        #expect(try await home.store.check(new.ticket.digest, at: start + 1) != nil)
    }
}
