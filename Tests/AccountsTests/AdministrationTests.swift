import Sessions
import TestStorage
import Testing

@testable import Accounts

/// What administrators do to accounts.
@Suite(.timeLimit(.minutes(10))) struct AdministrationTests {
    /// The ways in which somebody stops being an administrator.
    private enum Leaving: CaseIterable {
        case disabling, deleting, emptyGroups, otherGroups, removedGroup

        func perform(
            _ id: PublicID,
            in house: Household,
            force: Bool = false
        ) async throws(StorageError) {
            var edit = UserEdit()
            switch self {
            case .deleting:
                _ = try await house.accounts.delete(id, force: force)
                return
            case .disabling: edit.isDisabled = true
            case .emptyGroups: edit.groups = []
            case .otherGroups: edit.groups = ["Admin", "administrators"]
            case .removedGroup: edit.removedGroups = ["admin"]
            }
            _ = try await house.accounts.edit(id, edit, force: force)
        }
    }

    @Test(arguments: 0..<Leaving.allCases.count)
    func `the last administrator who can log in stays, unless forced`(way: Int) async throws {
        let house = try Household()
        let (root, _) = try await house.signUp("root", groups: ["admin"])
        let (shut, _) = try await house.signUp("shut", groups: ["admin"])
        _ = try await house.accounts.edit(shut.id, UserEdit(isDisabled: true))
        let leaving = Leaving.allCases[way]
        await #expect(throws: StorageError.lastAdministrator) {
            try await leaving.perform(root.id, in: house)
        }
        #expect(try await house.storage.user(root.id) == root)
        try await leaving.perform(root.id, in: house, force: true)
        #expect(try await house.storage.user(root.id) != root)
    }

    @Test(arguments: 0..<Leaving.allCases.count)
    func `of many administrators who leave at once one stays`(way: Int) async throws {
        let house = try Household()
        var ids: [PublicID] = []
        for number in 0..<5 {
            ids.append(try await house.signUp("root\(number)", groups: ["admin"]).user.id)
        }
        let leaving = Leaving.allCases[way]
        let refused = await withTaskGroup(of: StorageError?.self) { group in
            for id in ids {
                group.addTask {
                    do throws(StorageError) {
                        try await leaving.perform(id, in: house)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
        }
        #expect(refused == [.lastAdministrator])
        let left = try await house.storage.accounts.filter {
            $0.principal.isAdministrator && !$0.isDisabled
        }
        #expect(left.count == 1)
    }

    @Test func `an edit says what it changed, and ends sessions when it disables (ASVS 7.4.2)`()
        async throws
    {
        let house = try Household()
        let (ada, key) = try await house.signUp()
        let groups = try await house.accounts.edit(ada.id, UserEdit(groups: ["b", "a", "b"]))
        #expect(groups.before == ada && groups.user.groups == ["a", "b"])
        #expect(groups.user.editVersion == ada.editVersion + 1 && groups.ended.isEmpty)
        let shut = try await house.accounts.edit(ada.id, UserEdit(isDisabled: true))
        #expect(shut.user.groups == ["a", "b"] && shut.user.isDisabled)
        #expect(shut.ended.map(\.key) == [key])
        #expect(await !house.opens(with: Household.password))
        _ = try await house.accounts.edit(ada.id, UserEdit(isDisabled: false))
        #expect(await house.opens(with: Household.password))
        #expect(try await house.storage.find(key) == nil)
    }

    @Test func `an edit of a version that is no more is a conflict, and loses nothing`()
        async throws
    {
        let house = try Household()
        let (ada, _) = try await house.signUp()
        let edits = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let edit = UserEdit(groups: ["g\(number)"])
                    do throws(StorageError) {
                        _ = try await house.accounts.edit(ada.id, edit, ifVersion: 1)
                        return true
                    } catch {
                        #expect(error == .conflict)
                        return false
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(edits == 1)
        let stored = try #require(try await house.storage.user(ada.id))
        #expect(stored.editVersion == 2 && stored.groups.count == 1)
        for version in [0, -1, 1, 3, .max] as [Int64] {
            await #expect(throws: StorageError.conflict) {
                try await house.accounts.edit(ada.id, UserEdit(groups: []), ifVersion: version)
            }
        }
    }

    @Test func `groups that are added and taken at the same time are all kept`() async throws {
        let house = try Household()
        let (ada, _) = try await house.signUp("ada", groups: ["old"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    var edit = UserEdit()
                    edit.addedGroups = ["g\(number)"]
                    if number == 3 { edit.removedGroups = ["old"] }
                    _ = try await house.accounts.edit(ada.id, edit)
                }
            }
            try await group.waitForAll()
        }
        let stored = try await house.storage.user(ada.id)
        #expect(stored?.groups == (0..<8).map { "g\($0)" })
    }

    @Test func `nobody is unknown to every change`() async throws {
        let house = try Household()
        let nobody = PublicID.random()
        await #expect(throws: StorageError.unknownUser) {
            try await house.accounts.edit(nobody, UserEdit(groups: []))
        }
        await #expect(throws: StorageError.unknownUser) { try await house.accounts.delete(nobody) }
    }

    @Test func `an account is found by either name in any spelling, and by its id`() async throws {
        let house = try Household()
        let user = try await house.accounts.signUp(
            username: "Ada",
            email: "ada@example.org",
            password: Household.password
        )
        for text in ["ada", "ADA", "Ａｄａ", "ADA@example.org", user.id.text] {
            #expect(try await house.accounts.find(text) == user)
        }
        let other = PublicID.random().text
        for text in ["", "ad", "a b", "ada@", "\u{0}", user.id.text.lowercased(), other, "%"] {
            #expect(try await house.accounts.find(text) == nil)
        }
    }

    @Test func `nobody is taken for another whose id they chose as their name`() async throws {
        let house = try Household()
        var ada = try await house.signUp().user
        // A name cannot begin with a hyphen, as one id in 64 does.
        while ada.id.text.hasPrefix("-") {
            _ = try await house.accounts.delete(ada.id)
            ada = try await house.signUp().user
        }
        let (mallory, _) = try await house.signUp(ada.id.text)
        #expect(try await house.accounts.find(ada.id.text) == ada)
        #expect(try await house.accounts.find(mallory.id.text) == mallory)
        _ = try await house.accounts.delete(ada.id)
        #expect(try await house.accounts.find(ada.id.text) == mallory)
    }

    // MARK: the names of groups

    @Test(
        arguments: [
            "admin", "a", "A", "0", "_", "_a", "a.b-c_D9", String(repeating: "g", count: 64), "a-",
            "a.", "a..b",
        ]
    )
    func `a name of letters, digits, dots, hyphens and underscores is taken`(text: String) {
        #expect(GroupName(text)?.text == text)
    }

    @Test(
        arguments: [
            "", " ", "a b", " a", "a ", "a\t", "a\n", "a\r\nX-Auth-Id: 1", "a\u{0}", "\u{7F}",
            "a\u{85}", "a\u{200B}", "a,b", ",", "a;b", "a\"", "a'", "a$b", "${a}", "-a", ".a", "-",
            "ä", "Ａ", "a\u{301}", "а", "a/b", "a@b", "a:b", "a=b", "*", "!a",
            String(repeating: "g", count: 65), String(repeating: "ä", count: 33),
        ]
    )
    func `a name with anything else, or of more than 64 characters, is refused`(text: String) {
        #expect(GroupName(text) == nil)
    }
}
