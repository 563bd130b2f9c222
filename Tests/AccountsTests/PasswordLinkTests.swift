import Sessions
import TestStorage
import Testing

@testable import Accounts

/// Links by which a password is set.
@Suite(.timeLimit(.minutes(10))) struct PasswordLinkTests {
    private func set(
        _ house: Household,
        _ link: Ticket,
        _ password: String = Household.new
    ) async throws -> AccountChange {
        try await house.accounts.setPassword(byLink: link.digest, to: password)
    }

    @Test func `a link sets the password once and ends every session (ASVS 6.4.1)`()
        async throws
    {
        let house = try Household()
        let (user, key) = try await house.signUp()
        let link = try await house.accounts.makeLink(for: user.id)
        #expect(try await house.accounts.user(ofLink: link.digest) == user)
        let change = try await set(house, link)
        #expect(change.ended.map(\.key) == [key])
        #expect(await house.opens(with: Household.new))
        await #expect(throws: PasswordChangeError.overtaken) {
            try await set(house, link, "nine loud chimneys 34")
        }
        #expect(await house.opens(with: Household.new))
    }

    @Test(arguments: [60, 86_400, 2_592_000] as [Int64])
    func `a link works until its time and not longer`(span: Int64) async throws {
        let house = try Household(terms: Accounts.Terms(passwordLink: span))
        let (user, _) = try await house.signUp()
        let links = [
            try await house.accounts.makeLink(for: user.id),
            try await house.accounts.makeLink(for: user.id),
        ]
        house.advance(by: span)
        await #expect(throws: PasswordChangeError.overtaken) { try await set(house, links[0]) }
        #expect(try await house.accounts.user(ofLink: links[1].digest) == nil)
        house.advance(by: -1)
        _ = try await set(house, links[1])
    }

    @Test func `every newer password supersedes the links made before it`() async throws {
        let house = try Household()
        let (user, key) = try await house.signUp()
        let first = try await house.accounts.makeLink(for: user.id)
        let second = try await house.accounts.makeLink(for: user.id)
        _ = try await set(house, second)
        await #expect(throws: PasswordChangeError.overtaken) { try await set(house, first) }
        let third = try await house.accounts.makeLink(for: user.id)
        _ = try await house.accounts.setPassword(of: user, to: Household.password)
        await #expect(throws: PasswordChangeError.overtaken) { try await set(house, third) }
        #expect(try await house.storage.find(key) == nil)
    }

    @Test func `a link dies when the account is disabled, also for when it is enabled again`()
        async throws
    {
        let house = try Household()
        let (user, _) = try await house.signUp()
        let link = try await house.accounts.makeLink(for: user.id)
        _ = try await house.accounts.edit(user.id, UserEdit(isDisabled: true))
        #expect(try await house.accounts.user(ofLink: link.digest) == nil)
        await #expect(throws: PasswordChangeError.overtaken) { try await set(house, link) }
        let stored = try await house.storage.user(user.id)
        #expect(stored?.isDisabled == true)
        _ = try await house.accounts.edit(user.id, UserEdit(isDisabled: false))
        await #expect(throws: PasswordChangeError.overtaken) { try await set(house, link) }
        _ = try await set(house, try await house.accounts.makeLink(for: user.id))
    }

    @Test func `there is no link for an account that is not there`() async throws {
        let house = try Household()
        await #expect(throws: StorageError.unknownUser) {
            try await house.accounts.makeLink(for: .random())
        }
        let (user, _) = try await house.signUp()
        let link = try await house.accounts.makeLink(for: user.id)
        _ = try await house.accounts.delete(user.id)
        #expect(try await house.accounts.user(ofLink: link.digest) == nil)
        await #expect(throws: PasswordChangeError.overtaken) { try await set(house, link) }
    }

    @Test func `of many who use one link at once one sets the password`() async throws {
        let house = try Household()
        let (user, _) = try await house.signUp()
        let link = try await house.accounts.makeLink(for: user.id)
        let made = await withTaskGroup(of: String?.self) { group in
            for number in 0..<6 {
                group.addTask {
                    let password = "quiet harbours \(number)"
                    return (try? await set(house, link, password)).map { _ in password }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
        }
        try #require(made.count == 1)
        #expect(await house.opens(with: made[0]))
    }

    @Test func `a link whose password could not be hashed or stored still works`() async throws {
        let house = try Household()
        let (user, _) = try await house.signUp()
        let link = try await house.accounts.makeLink(for: user.id)
        for call in [FlakyStorage.Call.user, .setPassword] {
            house.storage.fail([call])
            await #expect(throws: PasswordChangeError.storage(FlakyStorage.failure)) {
                try await set(house, link)
            }
        }
        house.storage.fail([])
        #expect(await house.opens(with: Household.password))
        _ = try await set(house, link)
    }

    @Test func `links are unlike each other, and only their digests are stored`() async throws {
        let house = try Household()
        let (user, _) = try await house.signUp()
        var texts: Set<String> = []
        for _ in 0..<20 { texts.insert(try await house.accounts.makeLink(for: user.id).text) }
        #expect(texts.count == 20 && texts.allSatisfy { $0.utf8.count == 43 })
    }

    @Test func `a new account and its link are made together, and nobody logs in before`()
        async throws
    {
        let house = try Household()
        let groups = ["staff", "editors"].compactMap { GroupName($0) }
        house.storage.fail([.insertAccount])
        await #expect(throws: SignUpError.storage(FlakyStorage.failure)) {
            try await house.accounts.createWithLink(username: "ada", email: nil, groups: groups)
        }
        house.storage.fail([])
        let (user, link) = try await house.accounts.createWithLink(
            username: "ada",
            email: nil,
            groups: groups
        )
        #expect(user.groups == ["editors", "staff"])
        for password in ["", " ", "!", "*"] { #expect(await !house.opens(with: password)) }
        await #expect(throws: SignUpError.taken) {
            try await house.accounts.createWithLink(username: "ADA", email: nil, groups: [])
        }
        _ = try await set(house, link)
        #expect(await house.opens(with: Household.new))
    }
}
