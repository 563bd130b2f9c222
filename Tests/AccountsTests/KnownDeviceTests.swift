import Sessions
import TestStorage
import Testing

@testable import Accounts

/// Devices on which somebody has logged in before.
@Suite(.timeLimit(.minutes(10))) struct KnownDeviceTests {
    private let device = Ticket.random().digest

    private func logIn(
        _ house: Household,
        _ name: String = "ada",
        _ password: String = Household.password,
        on device: TokenDigest?
    ) async throws(AuthenticationError) -> Login {
        try await house.accounts.authenticate(
            name: name,
            password: password,
            from: LoginSource(address: "192.0.2.1", device: device)
        )
    }

    @Test func `a device is known for its account once it was remembered, and for no other`()
        async throws
    {
        let house = try Household()
        let (ada, _) = try await house.signUp()
        _ = try await house.signUp("grace")
        #expect(try await !logIn(house, on: device).isKnownDevice)
        try await house.accounts.remember(device: device, of: ada.id)
        #expect(try await logIn(house, on: device).isKnownDevice)
        #expect(try await !logIn(house, "grace", on: device).isKnownDevice)
        #expect(try await !logIn(house, on: Ticket.random().digest).isKnownDevice)
        #expect(try await !logIn(house, on: nil).isKnownDevice)
        let devices = try await house.accounts.devices(of: ada.id)
        #expect(devices == [KnownDevice(key: device, userID: ada.id, usedAt: house.now)])
    }

    @Test func `a device is known for a set time after its last login`() async throws {
        let house = try Household(terms: Accounts.Terms(knownDevice: 1000))
        let (ada, _) = try await house.signUp()
        try await house.accounts.remember(device: device, of: ada.id)
        house.advance(by: 1000)
        #expect(try await logIn(house, on: device).isKnownDevice)
        house.advance(by: 1)
        #expect(try await !logIn(house, on: device).isKnownDevice)
        try await house.accounts.remember(device: device, of: ada.id)
        house.advance(by: 1000)
        #expect(try await logIn(house, on: device).isKnownDevice)
    }

    @Test func `strangers cannot keep a known device out, nor it them (ASVS 6.1.1)`()
        async throws
    {
        let house = try Household(policy: ThrottlePolicy(account: 2, device: 2))
        let (ada, _) = try await house.signUp()
        try await house.accounts.remember(device: device, of: ada.id)
        for _ in 0..<4 { _ = try? await logIn(house, "ada", "wrong", on: nil) }
        await #expect(throws: AuthenticationError.throttled(.account, seconds: 1)) {
            try await logIn(house, on: nil)
        }
        #expect(try await logIn(house, on: device).isKnownDevice)
        for _ in 0..<4 { _ = try? await logIn(house, "ada", "wrong", on: device) }
        await #expect(throws: AuthenticationError.throttled(.device, seconds: 1)) {
            try await logIn(house, on: device)
        }
        house.advance(by: 1)
        _ = try await logIn(house, on: nil)
    }

    @Test func `the failures before a login are told to it`() async throws {
        let house = try Household()
        let (ada, _) = try await house.signUp()
        try await house.accounts.remember(device: device, of: ada.id)
        for _ in 0..<3 { _ = try? await logIn(house, "ada", "wrong", on: device) }
        #expect(try await logIn(house, on: device).priorFailures == 3)
        #expect(try await logIn(house, on: device).priorFailures == 0)
    }

    @Test func `an account has at most 100 devices, and the least recently used go`()
        async throws
    {
        let house = try Household()
        let (ada, _) = try await house.signUp()
        try await house.accounts.remember(device: device, of: ada.id)
        for _ in 0..<100 {
            house.advance(by: 1)
            try await house.accounts.remember(device: Ticket.random().digest, of: ada.id)
        }
        let devices = try await house.accounts.devices(of: ada.id)
        #expect(devices.count == 100 && devices.first?.usedAt == house.now)
        #expect(!devices.contains { $0.key == device })
    }

    @Test func `a disabled account is known to no device, and a deleted one has none`()
        async throws
    {
        let house = try Household()
        let (ada, _) = try await house.signUp()
        try await house.accounts.remember(device: device, of: ada.id)
        _ = try await house.accounts.edit(ada.id, UserEdit(isDisabled: true))
        await #expect(throws: AuthenticationError.invalidCredentials(ada.id)) {
            try await logIn(house, on: device)
        }
        _ = try await house.accounts.delete(ada.id)
        #expect(try await house.accounts.devices(of: ada.id).isEmpty)
        await #expect(throws: StorageError.unknownUser) {
            try await house.accounts.remember(device: device, of: ada.id)
        }
    }

    @Test func `not knowing whether a device is known is a failure, not a no`() async throws {
        let house = try Household()
        _ = try await house.signUp()
        house.storage.fail([.isKnown])
        for name in ["ada", "nobody"] {
            await #expect(throws: AuthenticationError.storage(FlakyStorage.failure)) {
                try await logIn(house, name, on: device)
            }
        }
        _ = try await logIn(house, on: nil)
    }
}
