internal import Accounts
internal import Sessions
internal import Testing

extension SessionStorageConformance {
    /// Promises 4 and 5.
    static let lookingUp = [
        ConformanceCase(4, "a session is found as it was put in, with its user") { storage in
            let user = Sample.user("ada", email: "ada@example.org", groups: ["admin", "staff"])
            try await storage.signUp(user)
            let session = Session(
                key: Sample.key(),
                id: .random(),
                userID: user.id,
                createdAt: Sample.start,
                authenticatedAt: Sample.start + 1,
                lastSeenAt: Sample.start + 2,
                expiresAt: Sample.start + 3,
                idleLimit: 4,
                isRemembered: true,
                clientAddress: "",
                userAgent: "it's \"quoted\" -- ; \u{10FFFF}\u{1F}"
            )
            try await storage.signIn(session)
            let principal = Principal(
                id: user.id,
                username: user.username,
                email: user.email,
                groups: user.groups
            )
            let expected = FoundSession(session: session, principal: principal)
            #expect(try await storage.sessions.find(session.key) == expected)
        },
        ConformanceCase(4, "an absent session is nil, not an error") { storage in
            try await storage.signUp()
            #expect(try await storage.sessions.find(Sample.key()) == nil)
        },
        ConformanceCase(4, "an expired session is found: time is judged by the policy") { storage in
            let ada = try await storage.signUp()
            let session = Sample.session(of: ada, at: -1_000_000_000, lifetime: 1, idle: 1)
            try await storage.signIn(session)
            #expect(try await storage.sessions.find(session.key)?.session == session)
        },
        ConformanceCase(4, "keys that differ in one bit are different sessions") { storage in
            let ada = try await storage.signUp()
            let session = Sample.session(of: ada)
            try await storage.signIn(session)
            for position in [0, 15, 31] {
                var bytes = session.key.bytes
                bytes[position] ^= 1
                let other = try #require(TokenDigest(bytes: bytes))
                #expect(try await storage.sessions.find(other) == nil)
            }
        },
        ConformanceCase(5, "touch moves the last-seen time forward, and only that") { storage in
            let ada = try await storage.signUp()
            let first = Sample.session(of: ada)
            let second = Sample.session(of: ada)
            try await storage.signIn(first)
            try await storage.signIn(second)
            try await storage.sessions.touch([
                SessionUse(key: first.key, seenAt: Sample.start + 60),
                SessionUse(key: second.key, seenAt: Sample.start + 70),
            ])
            var expected = first
            expected.lastSeenAt = Sample.start + 60
            #expect(try await storage.sessions.find(first.key)?.session == expected)
            let seen = try await storage.sessions.find(second.key)?.session.lastSeenAt
            #expect(seen == Sample.start + 70)
        },
        ConformanceCase(5, "touch never moves the last-seen time backwards") { storage in
            let ada = try await storage.signUp()
            let session = Sample.session(of: ada, at: 100)
            try await storage.signIn(session)
            for age in [Int64(99), 0, 150, 120] {
                try await storage.sessions.touch([
                    SessionUse(key: session.key, seenAt: Sample.start + age)
                ])
            }
            let seen = try await storage.sessions.find(session.key)?.session.lastSeenAt
            #expect(seen == Sample.start + 150)
        },
        ConformanceCase(
            5,
            "touch of absent and ended sessions creates none (promise 2: delete wins)"
        ) { storage in
            let ada = try await storage.signUp()
            let ended = Sample.session(of: ada)
            let live = Sample.session(of: ada)
            try await storage.signIn(ended)
            try await storage.signIn(live)
            _ = try await storage.sessions.remove(ended.key)
            let absent = Sample.key()
            let time = Sample.start + 60
            try await storage.sessions.touch(
                [ended.key, absent, live.key].map { SessionUse(key: $0, seenAt: time) }
            )
            try await storage.sessions.touch([])
            #expect(try await storage.sessions.find(ended.key) == nil)
            #expect(try await storage.sessions.find(absent) == nil)
            #expect(try await storage.sessions.find(live.key)?.session.lastSeenAt == time)
        },
    ]
}
