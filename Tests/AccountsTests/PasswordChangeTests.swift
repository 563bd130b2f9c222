import Sessions
import TestStorage
import Testing

@testable import Accounts

/// Changing and setting passwords.
@Suite(.timeLimit(.minutes(10))) struct PasswordChangeTests {
    @Test func `a change ends every session and begins the new one (ASVS 7.2.4, 7.4.3)`()
        async throws
    {
        let house = try Household()
        let (user, key) = try await house.signUp()
        let other = house.session(of: user.id)
        _ = try await house.storage.insert(
            other.session,
            for: Authentication(userID: user.id, credentialVersion: 1),
            keeping: 10,
            ending: []
        )
        let renewed = try await house.renewal(of: key)
        let change = try await house.accounts.changePassword(
            of: user,
            from: Household.password,
            to: Household.new,
            replacing: key,
            with: renewed
        )
        #expect(Set(change.ended.map(\.key)) == [key, other.session.key])
        #expect(try await house.storage.sessions(of: user.id) == [renewed.session])
        #expect(await house.opens(with: Household.new))
        #expect(await !house.opens(with: Household.password))
    }

    @Test(
        arguments: [
            ("short", .tooShort(minimum: 8)), ("password1", .common),
            (String(repeating: "ab c", count: 257), .tooLong), ("kJ8#mP\u{0}2x", .containsNull),
            ("zxkwvqam", .personal),
        ] as [(String, PasswordIssue)]
    )
    func `a bad new password is refused on every way, before anything is hashed (ASVS 6.2.4)`(
        new: String,
        issue: PasswordIssue
    ) async throws {
        let house = try Household()
        let (user, key) = try await house.signUp("zxkwvqam")
        let link = try await house.accounts.makeLink(for: user.id)
        let before = house.hasher.finishedCount
        await #expect(throws: PasswordChangeError.invalid(issue)) {
            try await house.change(user, from: "wrong", to: new, in: key)
        }
        await #expect(throws: PasswordChangeError.invalid(issue)) {
            try await house.accounts.setPassword(of: user, to: new)
        }
        await #expect(throws: PasswordChangeError.invalid(issue)) {
            try await house.accounts.setPassword(byLink: link.digest, to: new)
        }
        #expect(house.hasher.finishedCount == before)
        #expect(try await house.accounts.user(ofLink: link.digest) == user)
    }

    @Test func `without the current password nothing changes (ASVS 6.2.3)`() async throws {
        let house = try Household()
        let (user, key) = try await house.signUp()
        for wrong in ["", "wrong", Household.new] {
            await #expect(throws: PasswordChangeError.wrongPassword) {
                try await house.change(user, from: wrong, in: key)
            }
        }
        #expect(try await house.storage.find(key) != nil)
        #expect(await house.opens(with: Household.password))
    }

    @Test func `a change from a session that has ended changes nothing`() async throws {
        let house = try Household()
        let (user, key) = try await house.signUp()
        let renewed = try await house.renewal(of: key)
        _ = try await house.storage.remove(key, at: house.now)
        await #expect(throws: PasswordChangeError.overtaken) {
            try await house.accounts.changePassword(
                of: user,
                from: Household.password,
                to: Household.new,
                replacing: key,
                with: renewed
            )
        }
        #expect(try await house.storage.sessions(of: user.id).isEmpty)
        #expect(await house.opens(with: Household.password))
    }

    @Test func `a change does not work for a disabled or deleted account`() async throws {
        let house = try Household()
        let (ada, adaKey) = try await house.signUp()
        let (grace, graceKey) = try await house.signUp("grace")
        let renewals = [try await house.renewal(of: adaKey), try await house.renewal(of: graceKey)]
        _ = try await house.accounts.edit(ada.id, UserEdit(isDisabled: true))
        _ = try await house.accounts.delete(grace.id)
        for (user, key, new) in [(ada, adaKey, renewals[0]), (grace, graceKey, renewals[1])] {
            await #expect(throws: PasswordChangeError.wrongPassword) {
                try await house.accounts.changePassword(
                    of: user,
                    from: Household.password,
                    to: Household.new,
                    replacing: key,
                    with: new
                )
            }
        }
        await #expect(throws: PasswordChangeError.overtaken) {
            try await house.accounts.setPassword(of: grace, to: Household.new)
        }
    }

    @Test func `of many changes at once one is made, and the rest are told`() async throws {
        let house = try Household()
        let (user, key) = try await house.signUp()
        let renewals = try await withThrowingTaskGroup(of: NewSession.self) { group in
            for _ in 0..<6 { group.addTask { try await house.renewal(of: key) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let results = await withTaskGroup(of: Result<Int, PasswordChangeError>.self) { group in
            for (number, renewed) in renewals.enumerated() {
                group.addTask {
                    do throws(PasswordChangeError) {
                        _ = try await house.accounts.changePassword(
                            of: user,
                            from: Household.password,
                            to: "quiet harbours \(number)",
                            replacing: key,
                            with: renewed
                        )
                        return .success(number)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var made: [Int] = []
        for result in results {
            switch result {
            case .success(let number): made.append(number)
            // Overtaken between the proof and the change, or before the proof.
            case .failure(let error): #expect(error == .overtaken || error == .wrongPassword)
            }
        }
        try #require(made.count == 1)
        #expect(await house.opens(with: "quiet harbours \(made[0])"))
        #expect(try await house.storage.sessions(of: user.id) == [renewals[made[0]].session])
    }

    @Test func `a proof of the old password begins nothing after the change`() async throws {
        let house = try Household()
        let (user, key) = try await house.signUp()
        let login = try await house.accounts.authenticate(
            name: "ada",
            password: Household.password,
            from: LoginSource(address: "192.0.2.1", device: nil)
        )
        let proof = try await house.accounts.reauthenticate(
            user.id,
            password: Household.password
        )
        let renewed = try await house.renewal(of: key)
        _ = try await house.accounts.setPassword(of: user, to: Household.new)
        await #expect(throws: StorageError.unknownUser) {
            _ = try await house.storage.insert(
                house.session(of: user.id).session,
                for: login.authentication,
                keeping: 10,
                ending: []
            )
        }
        await #expect(throws: StorageError.unknownUser) {
            _ = try await house.storage.replace(key, with: renewed.session, for: proof)
        }
        #expect(try await house.storage.sessions(of: user.id).isEmpty)
    }

    @Test(arguments: [FlakyStorage.Call.credentials, .changePassword])
    func `failing storage and a busy hasher leave password and session as they were`(
        call: FlakyStorage.Call
    ) async throws {
        let house = try Household()
        let (user, key) = try await house.signUp()
        house.storage.fail([call])
        await #expect(throws: PasswordChangeError.storage(FlakyStorage.failure)) {
            try await house.change(user, in: key)
        }
        house.storage.fail([])
        #expect(await house.opens(with: Household.password))
        house.hasher.stop()
        await #expect(throws: PasswordChangeError.busy) { try await house.change(user, in: key) }
        await #expect(throws: PasswordChangeError.busy) {
            try await house.accounts.setPassword(of: user, to: Household.new)
        }
        #expect(try await house.storage.find(key) != nil)
    }
}
