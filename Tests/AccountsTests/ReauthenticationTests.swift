import Sessions
import TestStorage
import Testing

@testable import Accounts

/// Proving the password again within a session.
@Suite(.timeLimit(.minutes(10))) struct ReauthenticationTests {
    @Test func `the right password proves who it is, with the number of the password`()
        async throws
    {
        let house = try Household()
        let (user, key) = try await house.signUp()
        let first = try await house.accounts.reauthenticate(user.id, password: Household.password)
        #expect(first == Authentication(userID: user.id, credentialVersion: 1))
        _ = try await house.change(user, in: key)
        let second = try await house.accounts.reauthenticate(user.id, password: Household.new)
        #expect(second == Authentication(userID: user.id, credentialVersion: 2))
    }

    @Test(arguments: ["", "kJ8#mP2X", "kJ8#mP2x ", String(repeating: "x", count: 5000)])
    func `a wrong password is refused and costs one hash (ASVS 7.5.3)`(wrong: String)
        async throws
    {
        let house = try Household()
        let (user, _) = try await house.signUp()
        let before = house.hasher.finishedCount
        await #expect(throws: AuthenticationError.invalidCredentials(user.id)) {
            try await house.accounts.reauthenticate(user.id, password: wrong)
        }
        #expect(house.hasher.finishedCount == before + 1)
    }

    @Test func `an account that is disabled or gone proves nothing, with the same work`()
        async throws
    {
        let house = try Household()
        let (user, _) = try await house.signUp()
        _ = try await house.accounts.edit(user.id, UserEdit(isDisabled: true))
        let before = house.hasher.finishedCount
        for id in [user.id, .random()] {
            await #expect(throws: AuthenticationError.invalidCredentials(id)) {
                try await house.accounts.reauthenticate(id, password: Household.password)
            }
        }
        #expect(house.hasher.finishedCount == before + 2)
    }

    @Test func `tries are counted for the session, apart from those at the login (ASVS 6.3.1)`()
        async throws
    {
        let house = try Household(policy: ThrottlePolicy(account: 2, device: 3))
        let (user, key) = try await house.signUp()
        let id = try #require(try await house.storage.find(key)).session.id
        func prove(_ password: String) async throws {
            _ = try await house.accounts.reauthenticate(user.id, within: id, password: password)
        }
        for _ in 0..<3 {
            await #expect(throws: AuthenticationError.invalidCredentials(user.id)) {
                try await prove("wrong")
            }
        }
        let throttled = AuthenticationError.throttled(.holder, seconds: 1)
        await #expect(throws: throttled) { try await prove(Household.password) }
        // A change of the password is the same pathway (ASVS 6.1.3).
        await #expect(throws: PasswordChangeError.throttled(.holder, seconds: 1)) {
            try await house.change(user, in: key)
        }
        // Whoever has stolen one session does not slow the owner down in another.
        _ = try await house.accounts.reauthenticate(
            user.id,
            within: .random(),
            password: Household.password
        )
        #expect(await house.opens(with: Household.password))
        house.advance(by: 1)
        try await prove(Household.password)
        // The right one takes the count back.
        for _ in 0..<3 {
            await #expect(throws: AuthenticationError.invalidCredentials(user.id)) {
                try await prove("wrong")
            }
        }
    }

    @Test func `strangers at the login cannot use up the tries within a session`() async throws {
        let house = try Household(policy: ThrottlePolicy(account: 2, device: 2))
        let (user, _) = try await house.signUp()
        for _ in 0..<5 { _ = await house.opens(with: "wrong") }
        #expect(await !house.opens(with: Household.password))
        _ = try await house.accounts.reauthenticate(user.id, password: Household.password)
    }

    @Test func `a busy hasher and failing storage are said, and are no tries`() async throws {
        let house = try Household(policy: ThrottlePolicy(device: 1))
        let (user, _) = try await house.signUp()
        house.storage.fail([.credentials])
        for _ in 0..<3 {
            await #expect(throws: AuthenticationError.storage(FlakyStorage.failure)) {
                try await house.accounts.reauthenticate(user.id, password: "wrong")
            }
        }
        house.storage.fail([])
        _ = try await house.accounts.reauthenticate(user.id, password: Household.password)
        house.hasher.stop()
        for _ in 0..<3 {
            await #expect(throws: AuthenticationError.busy) {
                try await house.accounts.reauthenticate(user.id, password: Household.password)
            }
        }
    }
}
