internal import Accounts
internal import Sessions
internal import Testing

extension SessionStorageConformance {
    /// Promise 10.
    static let memory =
        endings.map { ending in
            ConformanceCase(10, "\(ending.name) leaves the key remembered as ended") { storage in
                let ada = try await storage.signUp()
                let session = try await storage.signIn(Sample.session(of: ada))
                #expect(try await storage.sessions.ended(session.key) == nil)
                try await ending.end(session, storage)
                #expect(try await storage.sessions.find(session.key) == nil)
                #expect(try await storage.sessions.ended(session.key) == EndedSession(session))
                let again = try await storage.reopen()
                #expect(try await again.sessions.ended(session.key) == EndedSession(session))
            }
        } + [
            ConformanceCase(10, "a key that never was stored is nil") { storage in
                let ada = try await storage.signUp()
                let refused = Sample.session(of: Sample.user())
                await #expect(throws: StorageError.unknownUser) {
                    try await storage.sessions.insert(refused, keeping: 1)
                }
                let live = try await storage.signIn(Sample.session(of: ada))
                for key in [refused.key, live.key, Sample.key()] {
                    _ = try await storage.sessions.removeAll(of: .random(), except: nil, at: later)
                    #expect(try await storage.sessions.ended(key) == nil)
                }
            },
            ConformanceCase(10, "ended keys are forgotten by their time, at most limit at a time") {
                storage in
                let ada = try await storage.signUp()
                let old = (0..<5).map { _ in Sample.session(of: ada) }
                let young = Sample.session(of: ada)
                for session in old + [young] { try await storage.signIn(session) }
                for (age, session) in old.enumerated() {
                    _ = try await storage.sessions.remove(
                        session.key,
                        at: Sample.start + Int64(age)
                    )
                }
                _ = try await storage.sessions.remove(young.key, at: later)
                let sessions = storage.sessions
                #expect(try await sessions.forgetEnded(before: Sample.start, limit: 9) == 0)
                #expect(try await sessions.forgetEnded(before: later, limit: 2) == 2)
                #expect(try await sessions.ended(old[1].key) == nil)
                #expect(try await sessions.ended(old[2].key) == EndedSession(old[2]))
                #expect(try await sessions.forgetEnded(before: later, limit: 9) == 3)
                #expect(try await sessions.forgetEnded(before: later, limit: 9) == 0)
                #expect(try await sessions.ended(young.key) == EndedSession(young))
            },
        ]

    /// Promise 11.
    static let listing = [
        ConformanceCase(11, "the sessions of a user, the most recently used first") { storage in
            let ada = try await storage.signUp()
            let bob = try await storage.signUp(Sample.user("bob"))
            var mine = (0..<4).map { Sample.session(of: ada, at: $0) }
            for session in mine { try await storage.signIn(session) }
            try await storage.signIn(Sample.session(of: bob))
            let use = SessionUse(key: mine[1].key, seenAt: later)
            try await storage.sessions.touch([use])
            mine[1].lastSeenAt = later
            let listed = try await storage.sessions.sessions(of: ada.id)
            #expect(listed == [mine[1], mine[3], mine[2], mine[0]])
            #expect(try await storage.sessions.sessions(of: .random()).isEmpty)
            #expect(try await storage.sessions.sessionCount() == 5)
        }
    ]

    private static let later = Sample.start + 100

    /// A way in which a session ends.
    private struct Ending {
        let name: String
        let end: @Sendable (Session, StorageUnderTest) async throws -> Void
    }

    /// All of them.
    private static let endings = [
        Ending(name: "remove") { _ = try await $1.sessions.remove($0.key, at: later) },
        Ending(name: "remove by id") {
            _ = try await $1.sessions.remove($0.id, of: $0.userID, at: later)
        },
        Ending(name: "removeAll of a user") {
            _ = try await $1.sessions.removeAll(of: $0.userID, except: nil, at: later)
        },
        Ending(name: "removeAll of everybody") {
            _ = try await $1.sessions.removeAll(of: nil, except: nil, at: later)
        },
        Ending(name: "replace") {
            _ = try await $1.sessions.replace($0.key, with: follower(of: $0))
        },
        Ending(name: "insert in its place") {
            let authentication = Authentication.first(of: $0.userID)
            _ = try await $1.sessions.insert(
                follower(of: $0),
                for: authentication,
                keeping: 9,
                ending: [$0.key]
            )
        },
        Ending(name: "insert beyond the limit") {
            _ = try await $1.sessions.insert(follower(of: $0), keeping: 1)
        },
        Ending(name: "removeExpired") {
            _ = try await $1.sessions.removeExpired(at: $0.expiresAt, after: nil, limit: 9)
        },
        Ending(name: "disabling the user") {
            let edit = UserEdit(isDisabled: true)
            _ = try await $1.accounts.edit(
                $0.userID,
                edit,
                ifVersion: nil,
                force: false,
                at: later
            )
        },
        Ending(name: "deleting the user") {
            _ = try await $1.accounts.delete($0.userID, force: false, at: later)
        },
        Ending(name: "changing the password") {
            let change = try await $1.accounts.changePassword(
                of: $0.userID,
                from: PasswordHash(text: "$argon2id$1"),
                to: PasswordHash(text: "$2"),
                replacing: $0.key,
                with: follower(of: $0),
                at: later
            )
            #expect(change != nil)
        },
        Ending(name: "setting the password") {
            let hash = PasswordHash(text: "$2")
            _ = try await $1.accounts.setPassword(hash, of: $0.userID, at: later)
        },
        Ending(name: "setting the password by a link") {
            let link = PasswordLink(digest: Sample.key(), userID: $0.userID, expiresAt: later + 1)
            try await $1.accounts.insertLink(link)
            let hash = PasswordHash(text: "$2")
            _ = try await $1.accounts.setPassword(hash, byLink: link.digest, at: later)
        },
    ]

    /// Another session of the same user.
    private static func follower(of session: Session) -> Session {
        Sample.session(of: session.userID, at: 100)
    }
}
