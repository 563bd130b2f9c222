internal import Accounts
internal import Sessions
internal import Testing

extension SessionStorageConformance {
    /// Promise 8.
    static let replacement = [
        ConformanceCase(8, "replace ends the old session and begins the new (ASVS 7.2.4)") {
            storage in
            let user = try await storage.signUp(Sample.user("ada", groups: ["admin", "staff"]))
            let old = Sample.session(of: user)
            let new = Sample.session(of: user, at: 60)
            try await storage.signIn(old)
            let principal = try await storage.sessions.replace(old.key, with: new)
            #expect(principal.id == user.id)
            #expect(principal.groups == ["admin", "staff"])
            #expect(try await storage.sessions.find(old.key) == nil)
            #expect(try await storage.sessions.find(new.key)?.session == new)
        },
        ConformanceCase(8, "the new session may have the public id of the old one") { storage in
            let ada = try await storage.signUp()
            let old = try await storage.signIn(Sample.session(of: ada))
            let new = Sample.session(of: ada, id: old.id, at: 60)
            _ = try await storage.sessions.replace(old.key, with: new)
            #expect(try await storage.sessions.sessions(of: ada.id) == [new])
            #expect(try await storage.sessions.ended(old.key) == EndedSession(old))
        },
        ConformanceCase(8, "the session of another user is not replaced") { storage in
            let ada = try await storage.signUp()
            let bob = try await storage.signUp(Sample.user("bob"))
            let theirs = try await storage.signIn(Sample.session(of: bob))
            let mine = Sample.session(of: ada)
            await #expect(throws: StorageError.unknownUser) {
                try await storage.sessions.replace(theirs.key, with: mine)
            }
            #expect(try await storage.sessions.find(theirs.key)?.session == theirs)
            #expect(try await storage.sessions.find(mine.key) == nil)
            #expect(try await storage.sessions.ended(theirs.key) == nil)
        },
        ConformanceCase(8, "an ended session cannot give birth to a new one") { storage in
            let ada = try await storage.signUp()
            let ended = Sample.session(of: ada)
            try await storage.signIn(ended)
            _ = try await storage.sessions.remove(ended.key)
            for old in [ended.key, Sample.key()] {
                let new = Sample.session(of: ada)
                await #expect(throws: StorageError.unknownUser) {
                    try await storage.sessions.replace(old, with: new)
                }
                #expect(try await storage.sessions.find(new.key) == nil)
            }
        },
        ConformanceCase(8, "a replacement that is refused leaves the old session") { storage in
            let ada = try await storage.signUp()
            let old = Sample.session(of: ada)
            let other = Sample.session(of: ada)
            try await storage.signIn(old)
            try await storage.signIn(other)
            let taken = Sample.session(of: ada, key: other.key)
            await #expect(throws: StorageError.duplicate) {
                try await storage.sessions.replace(old.key, with: taken)
            }
            let disabled = try await storage.signUp(Sample.user("bob", isDisabled: true))
            let foreign = Sample.session(of: disabled)
            await #expect(throws: StorageError.unknownUser) {
                try await storage.sessions.replace(old.key, with: foreign)
            }
            #expect(try await storage.sessions.find(old.key)?.session == old)
            #expect(try await storage.sessions.find(other.key)?.session == other)
            #expect(try await storage.sessions.find(foreign.key) == nil)
        },
        ConformanceCase(8, "of many who replace one session exactly one succeeds") { storage in
            let ada = try await storage.signUp()
            let old = Sample.session(of: ada)
            try await storage.signIn(old)
            let new = (0..<16).map { _ in Sample.session(of: ada) }
            await withTaskGroup { group in
                for session in new {
                    group.addTask {
                        _ = try? await storage.sessions.replace(old.key, with: session)
                    }
                }
            }
            var live = 0
            for session in new where try await storage.sessions.find(session.key) != nil {
                live += 1
            }
            #expect(live == 1)
            #expect(try await storage.sessions.find(old.key) == nil)
        },
    ]
}
