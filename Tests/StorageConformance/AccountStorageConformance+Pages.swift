internal import Accounts
internal import Sessions
internal import Testing

extension AccountStorageConformance {
    /// Promise 9.
    static let importing = [
        ConformanceCase(9, "all accounts are inserted") { storage in
            let users = (0..<50).map { Sample.user("user\($0)", groups: ["staff"]) }
            let accounts = users.map { Sample.account($0) }
            let taken = try await storage.accounts.insertAll(accounts)
            #expect(taken.isEmpty)
            for user in users { #expect(try await storage.accounts.user(user.id) == user) }
            #expect(try await storage.accounts.insertAll([]) == [])
        },
        ConformanceCase(9, "when names are taken none is inserted, and all of those are named") {
            storage in
            try await storage.signUp(Sample.user("ada", email: "ada@example.org"))
            let users = [
                Sample.user("new"), Sample.user("ada"), Sample.user("eve", email: "new"),
                Sample.user("carl", email: "ada@example.org"), Sample.user("dora"),
                Sample.user("fritz", email: "eve"),
            ]
            let taken = try await storage.accounts.insertAll(users.map { Sample.account($0) })
            // "eve" is taken by somebody who is refused; whoever mends one sees both.
            #expect(taken == [1, 2, 3, 5])
            for user in users { #expect(try await storage.accounts.user(user.id) == nil) }
            let page = try await storage.accounts.users(matching: "", after: nil, limit: 9)
            #expect(page.users.count == 1)
        },
        ConformanceCase(9, "an id that is taken throws duplicate and none is inserted") { storage in
            let ada = try await storage.signUp()
            let twin = User(
                id: ada.id,
                username: "twin",
                email: nil,
                groups: [],
                isDisabled: false,
                createdAt: Sample.start
            )
            let bob = Sample.user("bob")
            await #expect(throws: StorageError.duplicate) {
                try await storage.accounts.insertAll([Sample.account(bob), Sample.account(twin)])
            }
            #expect(try await storage.accounts.user(bob.id) == nil)
        },
    ]

    /// Promise 10.
    static let pages = [
        ConformanceCase(10, "pages hold every account once, in the order of the keys") { storage in
            let names = (0..<25).map { "user\($0)" } + ["zo\u{EB}", "_", "A", "\u{674E}"]
            for name in names.shuffled() { try await storage.signUp(Sample.user(name)) }
            for limit in [1, 4, 29, 30] {
                let found = try await storage.allPages(matching: "", limit: limit)
                let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
                #expect(found == sorted)
            }
        },
        ConformanceCase(10, "a text matches within either name, as it is") { storage in
            try await storage.signUp(Sample.user("ada", email: "lovelace@example.org"))
            try await storage.signUp(Sample.user("bob", email: "bob@example.net"))
            try await storage.signUp(Sample.user("100%_*?[a]"))
            try await storage.signUp(Sample.user("eve"))
            let expectations = [
                ("a", ["100%_*?[a]", "ada", "bob"]), ("example.org", ["ada"]), ("ob", ["bob"]),
                ("%", ["100%_*?[a]"]), ("_", ["100%_*?[a]"]), ("*", ["100%_*?[a]"]),
                ("?[a]", ["100%_*?[a]"]), ("A", []), ("' OR 1=1 --", []), ("ada\0", []),
                (String(repeating: "a", count: 100_000), []),
            ]
            for (text, names) in expectations {
                #expect(try await storage.allPages(matching: text, limit: 1) == names)
                #expect(try await storage.allPages(matching: text, limit: 9) == names)
            }
        },
        ConformanceCase(10, "a page begins after any cursor, and an empty storage has one") {
            storage in
            let empty = try await storage.accounts.users(matching: "", after: nil, limit: 5)
            #expect(empty == UserPage(users: [], cursor: nil))
            for name in ["a", "c"] { try await storage.signUp(Sample.user(name)) }
            for (text, names) in [
                ("", ["a", "c"]), ("a", ["c"]), ("b", ["c"]), ("c", []), ("z", []),
            ] {
                let cursor = NameKey(stored: text)
                let page = try await storage.accounts.users(matching: "", after: cursor, limit: 5)
                #expect(page.users.map(\.username) == names)
                #expect(page.cursor == nil)
            }
        },
    ]
}

extension StorageUnderTest {
    /// The names on all pages, one after the other.
    fileprivate func allPages(matching text: String, limit: Int) async throws -> [String] {
        var names: [String] = []
        var cursor: NameKey?
        repeat {
            let page = try await accounts.users(matching: text, after: cursor, limit: limit)
            #expect(page.users.count <= limit)
            names += page.users.map(\.username)
            cursor = page.cursor
        } while cursor != nil && names.count < 1000
        return names
    }
}
