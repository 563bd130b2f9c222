internal import Accounts
internal import Sessions
internal import Testing

extension SessionStorageConformance {
    /// Promise 6.
    static let ending = [
        ConformanceCase(6, "remove ends one session and names it (ASVS 7.4.1)") { storage in
            let ada = try await storage.signUp()
            let phone = Sample.session(of: ada)
            let laptop = Sample.session(of: ada)
            try await storage.signIn(phone)
            try await storage.signIn(laptop)
            #expect(try await storage.sessions.remove(phone.key) == phone.id)
            #expect(try await storage.sessions.find(phone.key) == nil)
            #expect(try await storage.sessions.find(laptop.key)?.session == laptop)
        },
        ConformanceCase(6, "remove of an absent or ended session succeeds with nil") { storage in
            let ada = try await storage.signUp()
            let session = Sample.session(of: ada)
            try await storage.signIn(session)
            _ = try await storage.sessions.remove(session.key)
            #expect(try await storage.sessions.remove(session.key) == nil)
            #expect(try await storage.sessions.remove(Sample.key()) == nil)
        },
        ConformanceCase(6, "of many who end one session exactly one is told its name") { storage in
            let ada = try await storage.signUp()
            let session = Sample.session(of: ada)
            try await storage.signIn(session)
            let names = try await withThrowingTaskGroup(of: PublicID?.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        try await storage.sessions.remove(session.key)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(names.compactMap { $0 } == [session.id])
        },
    ]

    /// Promise 7, as far as one process can show it; the crash of a process and of the machine are
    /// tried from outside.
    static let durability = [
        ConformanceCase(7, "what was acknowledged is there after reopening") { storage in
            let user = Sample.user("ada", email: "ada@example.org", groups: ["admin"])
            try await storage.signUp(user)
            let kept = Sample.session(of: user)
            let ended = Sample.session(of: user)
            let old = Sample.session(of: user)
            let new = Sample.session(of: user)
            for session in [kept, ended, old] { try await storage.signIn(session) }
            _ = try await storage.sessions.remove(ended.key)
            _ = try await storage.sessions.replace(old.key, with: new)
            let again = try await storage.reopen()
            #expect(try await again.sessions.find(kept.key)?.session == kept)
            #expect(try await again.sessions.find(kept.key)?.principal.groups == ["admin"])
            #expect(try await again.sessions.find(ended.key) == nil)
            #expect(try await again.sessions.find(old.key) == nil)
            #expect(try await again.sessions.find(new.key)?.session == new)
        }
    ]
}
