internal import Accounts
internal import Sessions
internal import Testing

extension AccountStorageConformance {
    /// Promises 5 and 8.
    static let newPasswords =
        ways.map { way in
            ConformanceCase(5, "\(way.name) ends every session and takes away the links") {
                storage in
                let ada = try await storage.signUp()
                let bob = try await storage.signUp(Sample.user("bob"))
                let mine = (0..<3).map { Sample.session(of: ada, at: $0) }
                let others = try await storage.signIn(Sample.session(of: bob))
                for session in mine { try await storage.signIn(session) }
                let link = PasswordLink(digest: Sample.key(), userID: ada.id, expiresAt: later + 9)
                try await storage.accounts.insertLink(link)
                let next = Sample.session(of: ada, at: 50)
                let change = try await way.set(storage, mine[0], next)
                #expect(change?.before == ada)
                #expect(change?.user == ada)
                #expect(Set(change?.ended ?? []) == Set(mine.map(EndedSession.init)))
                let found = try await storage.accounts.credentials(of: ada.id)
                #expect(found?.passwordHash == second)
                #expect(found?.credentialVersion == 2)
                #expect(found?.user.editVersion == 1)
                let left = try await storage.sessions.sessions(of: ada.id)
                #expect(left == (way.keepsSession ? [next] : []))
                #expect(try await storage.sessions.find(others.key)?.session == others)
                #expect(try await storage.accounts.user(ofLink: link.digest, at: later) == nil)
            }
        } + [
            ConformanceCase(5, "a password changes from within a live session only") { storage in
                let ada = try await storage.signUp()
                let bob = try await storage.signUp(Sample.user("bob"))
                let live = try await storage.signIn(Sample.session(of: ada))
                let ended = try await storage.signIn(Sample.session(of: ada))
                let theirs = try await storage.signIn(Sample.session(of: bob))
                _ = try await storage.sessions.remove(ended.key)
                for key in [ended.key, theirs.key, Sample.key()] {
                    let next = Sample.session(of: ada)
                    #expect(try await storage.change(of: ada, from: first, key, to: next) == nil)
                    #expect(try await storage.sessions.find(next.key) == nil)
                }
                let next = Sample.session(of: ada)
                #expect(try await storage.change(of: ada, from: second, live.key, to: next) == nil)
                let found = try await storage.accounts.credentials(of: ada.id)
                #expect(found?.passwordHash == first)
                #expect(found?.credentialVersion == 1)
                #expect(try await storage.sessions.sessions(of: ada.id) == [live])
            },
            ConformanceCase(5, "a hash of the same password leaves version and sessions") {
                storage in
                let ada = try await storage.signUp()
                let live = try await storage.signIn(Sample.session(of: ada))
                let accounts = storage.accounts
                #expect(
                    try await accounts.replacePasswordHash(of: ada.id, from: first, to: second)
                )
                #expect(try await accounts.credentials(of: ada.id)?.credentialVersion == 1)
                #expect(try await storage.sessions.find(live.key)?.session == live)
            },
            ConformanceCase(5, "nobody has no password to set") { storage in
                let nobody = Sample.user()
                await #expect(throws: StorageError.unknownUser) {
                    try await storage.accounts.setPassword(second, of: nobody.id, at: later)
                }
                let next = Sample.session(of: nobody)
                let key = Sample.key()
                let change = try await storage.change(of: nobody, from: first, key, to: next)
                #expect(change == nil)
            },
            ConformanceCase(3, "of many changes of a password at once one is made (ASVS 6.2.3)") {
                storage in
                let ada = try await storage.signUp()
                let old = (0..<16).map { Sample.session(of: ada, at: $0) }
                for session in old { try await storage.signIn(session) }
                let changed = try await withThrowingTaskGroup(of: Session?.self) { group in
                    for session in old {
                        group.addTask {
                            let next = Sample.session(of: ada)
                            let key = session.key
                            return try await storage.change(of: ada, from: first, key, to: next)
                                .map { _ in next }
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
                }
                #expect(changed.count == 1)
                #expect(try await storage.sessions.sessions(of: ada.id) == changed)
            },
            ConformanceCase(5, "a login with the old password never outlives the new (ASVS 7.4.3)")
            { storage in
                let ada = try await storage.signUp()
                for round in Int64(1)...20 {
                    let proved = Authentication(userID: ada.id, credentialVersion: round)
                    await withTaskGroup { group in
                        for number in 0..<8 {
                            group.addTask {
                                let session = Sample.session(of: ada)
                                _ = try? await storage.sessions.insert(
                                    session,
                                    for: proved,
                                    keeping: 100,
                                    ending: []
                                )
                            }
                            guard number == 4 else { continue }
                            group.addTask {
                                _ = try? await storage.accounts.setPassword(
                                    second,
                                    of: ada.id,
                                    at: later
                                )
                            }
                        }
                    }
                    let found = try await storage.accounts.credentials(of: ada.id)
                    #expect(found?.credentialVersion == round + 1)
                    #expect(try await storage.sessions.sessions(of: ada.id).isEmpty)
                }
            },
        ]

    static let later = Sample.start + 100
    static let first = PasswordHash(text: "$argon2id$1")
    static let second = PasswordHash(text: "$argon2id$2")

    /// A way in which an account gets a new password.
    private struct Way {
        let name: String
        let keepsSession: Bool
        let set: @Sendable (StorageUnderTest, Session, Session) async throws -> AccountChange?
    }

    private static let ways = [
        Way(name: "changePassword", keepsSession: true) { storage, old, next in
            try await storage.accounts.changePassword(
                of: old.userID,
                from: first,
                to: second,
                replacing: old.key,
                with: next,
                at: later
            )
        },
        Way(name: "setPassword", keepsSession: false) { storage, old, _ in
            try await storage.accounts.setPassword(second, of: old.userID, at: later)
        },
        Way(name: "setPassword by a link", keepsSession: false) { storage, old, _ in
            let link = PasswordLink(digest: Sample.key(), userID: old.userID, expiresAt: later + 1)
            try await storage.accounts.insertLink(link)
            return try await storage.accounts.setPassword(second, byLink: link.digest, at: later)
        },
    ]
}

extension StorageUnderTest {
    /// Changes a password to the second one.
    fileprivate func change(
        of user: User,
        from old: PasswordHash,
        _ key: TokenDigest,
        to next: Session
    ) async throws -> AccountChange? {
        try await accounts.changePassword(
            of: user.id,
            from: old,
            to: AccountStorageConformance.second,
            replacing: key,
            with: next,
            at: AccountStorageConformance.later
        )
    }
}
