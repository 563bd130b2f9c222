internal import Accounts
internal import Sessions
internal import Testing

extension AccountStorageConformance {
    /// Promises 6 and 8.
    static let editing = [
        ConformanceCase(6, "an edit changes what it names and moves the version") { storage in
            let ada = Sample.user("ada", email: "a@example.org", groups: ["admin", "staff"])
            try await storage.signUp(ada)
            var edit = UserEdit()
            edit.addedGroups = ["night shift", "staff"]
            edit.removedGroups = ["absent"]
            let change = try await storage.edit(ada, edit)
            #expect(change.before == ada)
            #expect(change.user.groups == ["admin", "night shift", "staff"])
            #expect(change.user.editVersion == 2)
            #expect(try await storage.accounts.user(ada.id) == change.user)
            let second = try await storage.edit(ada, UserEdit(groups: ["admin"]))
            #expect(second.before == change.user)
            #expect(second.user.groups == ["admin"])
            let found = try await storage.accounts.credentials(of: NameKey(stored: "ada"))
            #expect(found?.user == second.user)
            #expect(found?.credentialVersion == 1)
            #expect(second.user.email == "a@example.org")
        },
        ConformanceCase(6, "an edit of another version is refused and changes nothing") { storage in
            let ada = try await storage.signUp()
            _ = try await storage.edit(ada, UserEdit(groups: ["staff"]), version: 1)
            for version in [Int64(1), 3, 0, .min] {
                await #expect(throws: StorageError.conflict) {
                    try await storage.edit(ada, UserEdit(groups: ["late"]), version: version)
                }
            }
            #expect(try await storage.accounts.user(ada.id)?.groups == ["staff"])
            #expect(try await storage.accounts.user(ada.id)?.editVersion == 2)
            await #expect(throws: StorageError.unknownUser) {
                try await storage.edit(Sample.user("bob"), UserEdit(groups: []))
            }
        },
        ConformanceCase(6, "of many edits of one version one is made") { storage in
            let ada = try await storage.signUp()
            let made = await withTaskGroup(of: String?.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        let edit = UserEdit(groups: ["group\(number)"])
                        return try? await storage.edit(ada, edit, version: 1).user.groups.first
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
            }
            #expect(made.count == 1)
            #expect(try await storage.accounts.user(ada.id)?.groups == made)
        },
        ConformanceCase(6, "of many groups that are added at once none is lost") { storage in
            let ada = try await storage.signUp()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 10..<26 {
                    group.addTask {
                        var edit = UserEdit()
                        edit.addedGroups = ["group\(number)"]
                        _ = try await storage.edit(ada, edit)
                    }
                }
                try await group.waitForAll()
            }
            let found = try await storage.accounts.user(ada.id)
            #expect(found?.groups == (10..<26).map { "group\($0)" })
            #expect(found?.editVersion == 17)
        },
    ]

    /// Promises 7 and 8.
    static let leaving = [
        ConformanceCase(7, "disabling and deleting end every session (ASVS 7.4.2)") { storage in
            let ada = try await storage.signUp()
            let bob = try await storage.signUp(Sample.user("bob"))
            for user in [ada, bob] {
                for age in Int64(0)..<3 {
                    try await storage.signIn(Sample.session(of: user, at: age))
                }
            }
            let sessions = try await storage.sessions.sessions(of: ada.id)
            let disabling = try await storage.edit(ada, UserEdit(isDisabled: true))
            #expect(disabling.user.isDisabled)
            #expect(Set(disabling.ended) == Set(sessions.map(EndedSession.init)))
            #expect(try await storage.sessions.sessions(of: ada.id).isEmpty)
            let enabling = try await storage.edit(ada, UserEdit(isDisabled: false))
            #expect(!enabling.user.isDisabled && enabling.ended.isEmpty)
            let others = try await storage.sessions.sessions(of: bob.id)
            let deletion = try await storage.delete(bob)
            #expect(deletion.before == bob)
            #expect(Set(deletion.ended) == Set(others.map(EndedSession.init)))
            #expect(try await storage.sessions.sessionCount() == 0)
            #expect(try await storage.accounts.user(bob.id) == nil)
            // Nothing of it is left: the name is free.
            try await storage.signUp(Sample.user("bob"))
            await #expect(throws: StorageError.unknownUser) { try await storage.delete(bob) }
        },
        ConformanceCase(7, "a login from before an account was disabled begins nothing after it") {
            storage in
            let ada = try await storage.signUp()
            _ = try await storage.edit(ada, UserEdit(groups: ["staff"]))
            let proved = try #require(try await storage.accounts.credentials(of: ada.id))
            #expect(proved.credentialVersion == 1)
            _ = try await storage.edit(ada, UserEdit(isDisabled: true))
            _ = try await storage.edit(ada, UserEdit(isDisabled: false))
            let late = Sample.session(of: ada)
            await #expect(throws: StorageError.unknownUser) {
                try await storage.sessions.insert(late, keeping: 10)
            }
            let now = try #require(try await storage.accounts.credentials(of: ada.id))
            let renewed = Authentication(userID: ada.id, credentialVersion: now.credentialVersion)
            _ = try await storage.sessions.insert(late, for: renewed, keeping: 10, ending: [])
            #expect(try await storage.sessions.find(late.key)?.session == late)
        },
        ConformanceCase(7, "the last administrator cannot leave, unless forced") { storage in
            let ada = try await storage.signUp(Sample.user("ada", groups: ["admin", "staff"]))
            // Neither counts.
            try await storage.signUp(Sample.user("bob", groups: ["admin"], isDisabled: true))
            try await storage.signUp(Sample.user("carl", groups: ["administrators", "Admin"]))
            let session = try await storage.signIn(Sample.session(of: ada))
            var leaving = UserEdit()
            leaving.removedGroups = ["admin"]
            for edit in [leaving, UserEdit(groups: ["staff"]), UserEdit(isDisabled: true)] {
                await #expect(throws: StorageError.lastAdministrator) {
                    try await storage.edit(ada, edit)
                }
            }
            await #expect(throws: StorageError.lastAdministrator) { try await storage.delete(ada) }
            #expect(try await storage.accounts.user(ada.id) == ada)
            #expect(try await storage.sessions.find(session.key)?.session == session)
            _ = try await storage.edit(ada, UserEdit(groups: ["admin"]))
            #expect(try await storage.edit(ada, leaving, force: true).user.groups == [])
            // Who is none can go.
            _ = try await storage.delete(ada)
        },
        ConformanceCase(7, "of the last two administrators who leave at once one stays") {
            storage in
            for round in 0..<20 {
                let ada = try await storage.signUp(Sample.user("ada\(round)", groups: ["admin"]))
                let bob = try await storage.signUp(Sample.user("bob\(round)", groups: ["admin"]))
                let failures = await withTaskGroup(of: StorageError?.self) { group in
                    group.addTask {
                        await leave { _ = try await storage.edit(ada, UserEdit(isDisabled: true)) }
                    }
                    group.addTask {
                        await leave {
                            _ =
                                round % 2 == 0
                                ? try await storage.delete(bob)
                                : try await storage.edit(bob, UserEdit(groups: []))
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
                }
                #expect(failures == [.lastAdministrator])
                _ = try? await storage.delete(ada, force: true)
                _ = try? await storage.delete(bob, force: true)
            }
        },
    ]

    private static func leave(
        _ body: @Sendable () async throws -> Void
    ) async -> StorageError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? StorageError
        }
    }
}

extension StorageUnderTest {
    func edit(
        _ user: User,
        _ edit: UserEdit,
        version: Int64? = nil,
        force: Bool = false
    ) async throws -> AccountChange {
        let now = AccountStorageConformance.later
        return try await accounts.edit(user.id, edit, ifVersion: version, force: force, at: now)
    }

    @discardableResult
    func delete(_ user: User, force: Bool = false) async throws -> AccountChange {
        let now = AccountStorageConformance.later
        return try await accounts.delete(user.id, force: force, at: now)
    }
}
