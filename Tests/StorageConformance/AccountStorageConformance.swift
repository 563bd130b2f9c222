internal import Accounts
internal import Sessions
internal import Testing

/// What every conformer of `AccountStorage` does, promise by promise.
package enum AccountStorageConformance {
    /// All cases, in the order of the promises.
    package static let cases: [ConformanceCase] =
        names + lookingUp + passwords + durability + newPasswords + editing + leaving + importing
        + pages + links + devices + mandates

    /// Promise 1.
    static let names = [
        ConformanceCase(1, "a name that is taken throws duplicate, in whichever role") { storage in
            try await storage.signUp(Sample.user("ada", email: "ada@example.org"))
            let rivals = [
                Sample.user("ada"),
                Sample.user("ada@example.org"),
                Sample.user("bob", email: "ada"),
                Sample.user("bob", email: "ada@example.org"),
            ]
            for rival in rivals {
                await #expect(throws: StorageError.duplicate) {
                    try await storage.accounts.insert(Sample.account(rival))
                }
                #expect(try await storage.accounts.user(rival.id) == nil)
            }
            // Nothing of a refused account is kept: its other name is still free.
            #expect(try await storage.accounts.credentials(of: NameKey(stored: "bob")) == nil)
            try await storage.signUp(Sample.user("bob"))
        },
        ConformanceCase(1, "an id that is taken throws duplicate and the first account stays") {
            storage in
            let first = try await storage.signUp()
            let second = User(
                id: first.id,
                username: "bob",
                email: nil,
                groups: ["admin"],
                isDisabled: false,
                createdAt: Sample.start
            )
            await #expect(throws: StorageError.duplicate) {
                try await storage.accounts.insert(Sample.account(second))
            }
            #expect(try await storage.accounts.user(first.id) == first)
            #expect(try await storage.accounts.credentials(of: NameKey(stored: "bob")) == nil)
        },
        ConformanceCase(1, "an account begins with its first session, or not at all") { storage in
            let ada = Sample.user()
            let session = Sample.session(of: ada)
            try await storage.accounts.insert(Sample.account(ada), beginning: session)
            #expect(try await storage.sessions.find(session.key)?.session == session)
            let bob = Sample.user("bob")
            let taken = Sample.session(of: bob, key: session.key)
            await #expect(throws: StorageError.duplicate) {
                try await storage.accounts.insert(Sample.account(bob), beginning: taken)
            }
            await #expect(throws: StorageError.unknownUser) {
                let foreign = Sample.session(of: ada)
                try await storage.accounts.insert(Sample.account(bob), beginning: foreign)
            }
            #expect(try await storage.accounts.user(bob.id) == nil)
            #expect(try await storage.sessions.sessions(of: ada.id) == [session])
            try await storage.signUp(Sample.user("bob"))
        },
        ConformanceCase(1, "of many who sign up with one name exactly one succeeds") { storage in
            let rivals = (0..<16).map { Sample.user("ada", email: "ada\($0)@example.org") }
            let winners = await withTaskGroup(of: PublicID?.self) { group in
                for rival in rivals {
                    group.addTask {
                        do {
                            try await storage.accounts.insert(Sample.account(rival))
                            return rival.id
                        } catch StorageError.duplicate {
                            return nil
                        } catch {
                            Issue.record(error)
                            return nil
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
            }
            #expect(winners.count == 1)
            let found = try await storage.accounts.credentials(of: NameKey(stored: "ada"))
            #expect(found?.user.id == winners.first)
        },
    ]

    /// Promise 2.
    static let lookingUp = [
        ConformanceCase(2, "an account is found by either name and by its id, as it was put in") {
            storage in
            let user = Sample.user("Ada", email: "ada@example.org", groups: ["admin", "z\u{E9}ro"])
            try await storage.accounts.insert(Sample.account(user, hash: "$argon2id$x"))
            for name in ["Ada", "ada@example.org"] {
                let found = try await storage.accounts.credentials(of: NameKey(stored: name))
                #expect(found?.user == user)
                #expect(found?.passwordHash == PasswordHash(text: "$argon2id$x"))
            }
            #expect(try await storage.accounts.user(user.id) == user)
            let found = try await storage.accounts.credentials(of: user.id)
            #expect(found?.user == user)
            #expect(found?.passwordHash == PasswordHash(text: "$argon2id$x"))
            #expect(found?.credentialVersion == 1)
            #expect(try await storage.accounts.credentials(of: PublicID.random()) == nil)
        },
        ConformanceCase(2, "an absent account is nil, and keys are compared exactly") { storage in
            try await storage.signUp()
            for name in ["", "Ada", "ada ", "ad", "a%", "' OR 1=1 --"] {
                #expect(try await storage.accounts.credentials(of: NameKey(stored: name)) == nil)
            }
            #expect(try await storage.accounts.user(.random()) == nil)
        },
        ConformanceCase(2, "a disabled account is returned and says so") { storage in
            let user = try await storage.signUp(Sample.user(isDisabled: true))
            let found = try await storage.accounts.credentials(of: NameKey(stored: "ada"))
            #expect(found?.user.isDisabled == true)
            #expect(try await storage.accounts.user(user.id)?.isDisabled == true)
        },
    ]

    /// Promise 3.
    static let passwords = [
        ConformanceCase(3, "a password hash is written only over the one that was seen") {
            storage in
            let user = Sample.user()
            let first = PasswordHash(text: "$1")
            let second = PasswordHash(text: "$2")
            let third = PasswordHash(text: "$3")
            try await storage.accounts.insert(Sample.account(user, hash: first.text))
            #expect(
                try await storage.accounts.replacePasswordHash(of: user.id, from: first, to: second)
            )
            #expect(
                try await !storage.accounts.replacePasswordHash(of: user.id, from: first, to: third)
            )
            let found = try await storage.accounts.credentials(of: NameKey(stored: "ada"))
            #expect(found?.passwordHash == second)
        },
        ConformanceCase(3, "the password of an absent account is not replaced") { storage in
            let hash = PasswordHash(text: "$1")
            let isReplaced = try await storage.accounts.replacePasswordHash(
                of: .random(),
                from: hash,
                to: hash
            )
            #expect(!isReplaced)
        },
        ConformanceCase(3, "of many changes that cross exactly one is accepted") { storage in
            let user = Sample.user()
            let old = PasswordHash(text: "$old")
            try await storage.accounts.insert(Sample.account(user, hash: old.text))
            let accepted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        try await storage.accounts.replacePasswordHash(
                            of: user.id,
                            from: old,
                            to: PasswordHash(text: "$\(number)")
                        )
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(accepted == 1)
        },
    ]

    /// Promise 4, as far as one process can show it.
    static let durability = [
        ConformanceCase(4, "what was acknowledged is there after reopening") { storage in
            let user = try await storage.signUp(Sample.user("ada", groups: ["admin"]))
            let old = PasswordHash(text: "$argon2id$1")
            let new = PasswordHash(text: "$argon2id$2")
            _ = try await storage.accounts.replacePasswordHash(of: user.id, from: old, to: new)
            let again = try await storage.reopen()
            let found = try await again.accounts.credentials(of: NameKey(stored: "ada"))
            #expect(found?.user == user)
            #expect(found?.passwordHash == new)
        }
    ]
}
