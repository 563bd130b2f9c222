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
            #expect(try await storage.sessions.remove(phone.key)?.id == phone.id)
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
                        try await storage.sessions.remove(session.key)?.id
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(names.compactMap { $0 } == [session.id])
        },
        ConformanceCase(6, "by public id a user ends a session of the user's own only") { storage in
            let ada = try await storage.signUp()
            let bob = try await storage.signUp(Sample.user("bob"))
            let phone = try await storage.signIn(Sample.session(of: ada))
            let laptop = try await storage.signIn(Sample.session(of: ada))
            let now = Sample.start + 9
            #expect(try await storage.sessions.remove(phone.id, of: bob.id, at: now) == nil)
            #expect(try await storage.sessions.remove(.random(), of: ada.id, at: now) == nil)
            #expect(try await storage.sessions.find(phone.key)?.session == phone)
            let ended = try await storage.sessions.remove(phone.id, of: ada.id, at: now)
            #expect(ended == EndedSession(phone))
            #expect(try await storage.sessions.find(phone.key) == nil)
            #expect(try await storage.sessions.remove(phone.id, of: ada.id, at: now) == nil)
            #expect(try await storage.sessions.find(laptop.key)?.session == laptop)
        },
        ConformanceCase(6, "all others of a user end, or all of everybody (ASVS 7.4.3)") {
            storage in
            let ada = try await storage.signUp()
            let bob = try await storage.signUp(Sample.user("bob"))
            let mine = (0..<5).map { Sample.session(of: ada, at: $0) }
            let others = (0..<3).map { Sample.session(of: bob, at: $0) }
            for session in mine + others { try await storage.signIn(session) }
            let now = Sample.start + 9
            let sessions = storage.sessions
            let first = try await sessions.removeAll(of: ada.id, except: mine[2].id, at: now)
            #expect(Set(first) == Set(mine.map(EndedSession.init)).subtracting([.init(mine[2])]))
            #expect(try await sessions.sessions(of: ada.id) == [mine[2]])
            #expect(try await sessions.sessionCount() == 4)
            let second = try await sessions.removeAll(of: nil, except: others[0].id, at: now)
            #expect(Set(second) == Set([mine[2], others[1], others[2]].map(EndedSession.init)))
            let third = try await sessions.removeAll(of: nil, except: nil, at: now)
            #expect(third == [EndedSession(others[0])])
            #expect(try await sessions.removeAll(of: bob.id, except: nil, at: now).isEmpty)
            #expect(try await sessions.sessionCount() == 0)
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
