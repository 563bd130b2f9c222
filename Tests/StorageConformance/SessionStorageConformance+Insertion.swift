internal import Accounts
internal import Sessions
internal import Testing

extension SessionStorageConformance {
    /// Promises 1 to 3.
    static let insertion = [
        ConformanceCase(1, "a key that is taken throws duplicate and the first session stays") {
            storage in
            let ada = try await storage.signUp()
            let bob = try await storage.signUp(Sample.user("bob"))
            let first = Sample.session(of: ada)
            try await storage.signIn(first)
            for thief in [ada, bob] {
                let second = Sample.session(of: thief, key: first.key, at: 5)
                await #expect(throws: StorageError.duplicate) {
                    try await storage.sessions.insert(second, keeping: 10)
                }
            }
            #expect(try await storage.sessions.find(first.key)?.session == first)
        },
        ConformanceCase(1, "an id that is taken throws duplicate and nothing is kept") { storage in
            let ada = try await storage.signUp()
            let first = Sample.session(of: ada)
            try await storage.signIn(first)
            let second = Sample.session(of: ada, id: first.id)
            await #expect(throws: StorageError.duplicate) {
                try await storage.sessions.insert(second, keeping: 1)
            }
            #expect(try await storage.sessions.find(second.key) == nil)
            #expect(try await storage.sessions.find(first.key)?.session == first)
        },
        ConformanceCase(2, "the session of an absent or disabled user is refused") { storage in
            let absent = Sample.user()
            let disabled = try await storage.signUp(Sample.user("bob", isDisabled: true))
            for user in [absent, disabled] {
                let session = Sample.session(of: user)
                await #expect(throws: StorageError.unknownUser) {
                    try await storage.sessions.insert(session, keeping: 10)
                }
                #expect(try await storage.sessions.remove(session.key) == nil)
            }
        },
        ConformanceCase(2, "the answer names the user with the groups sorted") { storage in
            let user = Sample.user("ada", email: "ada@example.org", groups: ["a b", "admin", "é"])
            try await storage.signUp(user)
            let insertion = try await storage.sessions.insert(Sample.session(of: user), keeping: 10)
            let principal = Principal(
                id: user.id,
                username: user.username,
                email: user.email,
                groups: user.groups
            )
            #expect(insertion == Insertion(principal: principal, replaced: [], exceeded: []))
        },
        ConformanceCase(2, "a password that is no longer the one that was proved begins nothing") {
            storage in
            let ada = try await storage.signUp()
            let old = try await storage.signIn(Sample.session(of: ada))
            _ = try await storage.accounts.setPassword(
                PasswordHash(text: "$2"),
                of: ada.id,
                at: Sample.start
            )
            let late = Sample.session(of: ada)
            await #expect(throws: StorageError.unknownUser) {
                try await storage.sessions.insert(late, keeping: 10)
            }
            await #expect(throws: StorageError.unknownUser) {
                try await storage.sessions.replace(old.key, with: late)
            }
            #expect(try await storage.sessions.find(late.key) == nil)
            let renewed = Authentication(userID: ada.id, credentialVersion: 2)
            _ = try await storage.sessions.insert(late, for: renewed, keeping: 10, ending: [])
            #expect(try await storage.sessions.find(late.key)?.session == late)
        },
        ConformanceCase(2, "a session of somebody else than has proved the password is refused") {
            storage in
            let ada = try await storage.signUp()
            let bob = try await storage.signUp(Sample.user("bob"))
            let session = Sample.session(of: ada)
            await #expect(throws: StorageError.unknownUser) {
                try await storage.sessions.insert(
                    session,
                    for: .first(of: bob.id),
                    keeping: 10,
                    ending: []
                )
            }
            #expect(try await storage.sessions.find(session.key) == nil)
        },
        ConformanceCase(3, "the sessions of the old keys end, whosever they are (ASVS 7.2.4)") {
            storage in
            let ada = try await storage.signUp()
            let bob = try await storage.signUp(Sample.user("bob"))
            let mine = try await storage.signIn(Sample.session(of: ada))
            let other = try await storage.signIn(Sample.session(of: bob))
            let kept = try await storage.signIn(Sample.session(of: ada))
            let new = Sample.session(of: ada, at: 9)
            let insertion = try await storage.sessions.insert(
                new,
                for: .first(of: ada.id),
                keeping: 2,
                ending: [mine.key, Sample.key(), other.key, mine.key]
            )
            #expect(insertion.replaced == [EndedSession(mine), EndedSession(other)])
            #expect(insertion.exceeded.isEmpty)
            for session in [mine, other] {
                #expect(try await storage.sessions.find(session.key) == nil)
            }
            for session in [kept, new] {
                #expect(try await storage.sessions.find(session.key)?.session == session)
            }
        },
        ConformanceCase(3, "a session that is refused ends no other") { storage in
            let ada = try await storage.signUp()
            let old = try await storage.signIn(Sample.session(of: ada))
            let taken = Sample.session(of: ada, key: old.key)
            await #expect(throws: StorageError.duplicate) {
                try await storage.sessions.insert(
                    taken,
                    for: .first(of: ada.id),
                    keeping: 1,
                    ending: [old.key]
                )
            }
            #expect(try await storage.sessions.find(old.key)?.session == old)
            #expect(try await storage.sessions.ended(old.key) == nil)
        },
        ConformanceCase(3, "the least recently used end when there are too many (ASVS 7.1.2)") {
            storage in
            let ada = try await storage.signUp()
            let bob = try await storage.signUp(Sample.user("bob"))
            let others = Sample.session(of: bob)
            try await storage.signIn(others)
            let old = (0..<4).map { Sample.session(of: ada, at: $0) }
            for session in old { try await storage.signIn(session) }
            // The oldest was used last.
            let use = SessionUse(key: old[0].key, seenAt: Sample.start + 100)
            try await storage.sessions.touch([use])
            let new = Sample.session(of: ada, at: 200)
            let insertion = try await storage.sessions.insert(new, keeping: 3)
            #expect(Set(insertion.exceeded.map(\.key)) == [old[1].key, old[2].key])
            for session in [old[1], old[2]] {
                #expect(try await storage.sessions.find(session.key) == nil)
            }
            for session in [old[0], old[3], new, others] {
                #expect(try await storage.sessions.find(session.key) != nil)
            }
        },
        ConformanceCase(3, "with room for one the new session is the one that stays") { storage in
            let ada = try await storage.signUp()
            // The clock was set back between the two: the new one looks the older.
            let old = Sample.session(of: ada, at: 1000)
            try await storage.signIn(old)
            let new = Sample.session(of: ada, at: 0)
            let insertion = try await storage.sessions.insert(new, keeping: 1)
            #expect(insertion.exceeded.map(\.key) == [old.key])
            #expect(try await storage.sessions.find(new.key) != nil)
        },
        ConformanceCase(3, "logins that meet never leave more than the limit") { storage in
            let ada = try await storage.signUp()
            let new = (0..<24).map { Sample.session(of: ada, at: $0) }
            let ended = try await withThrowingTaskGroup(of: [TokenDigest].self) { group in
                for session in new {
                    group.addTask {
                        try await storage.sessions.insert(session, keeping: 5).exceeded.map(\.key)
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(ended.count == 19)
            #expect(Set(ended).count == 19)
            for session in new {
                let isLive = try await storage.sessions.find(session.key) != nil
                #expect(isLive != ended.contains(session.key))
            }
        },
    ]
}
