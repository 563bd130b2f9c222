import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(10)))
struct SessionCacheTests {
    /// A session with names of about so many bytes.
    private static func session(
        of user: PublicID = .random(),
        username: String = "ada",
        email: String? = nil,
        groups: [String] = [],
        seenAt: Timestamp = start
    ) throws -> (key: TokenDigest, session: CachedSession) {
        let key = Ticket.random().digest
        let found = FoundSession(
            session: storedSession(key: key, userID: user, lastSeenAt: seenAt),
            principal: Principal(id: user, username: username, email: email, groups: groups)
        )
        return (key, CachedSession(found))
    }

    private static func find(_ key: TokenDigest, in cache: inout SessionCache) -> CachedSession? {
        cache.find(key).map {
            CachedSession(checked: cache.checked(at: $0), times: cache.times(at: $0))
        }
    }

    private static func expectSame(
        _ found: CachedSession?,
        _ expected: CachedSession,
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let (checked, other) = (found?.checked, expected.checked)
        let isSame =
            checked?.id == other.id && checked?.principal == other.principal
            && checked?.authenticatedAt == other.authenticatedAt
            && checked?.expiresAt == other.expiresAt && found?.times == expected.times
        #expect(isSame, comment, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        Principal(id: .random(), username: "a", email: nil, groups: []),
        Principal(id: .random(), username: "ada", email: "ada", groups: ["admin"]),
        Principal(id: .random(), username: "ada", email: "Ada", groups: ["a", "b", "c,d"]),
        Principal(id: .random(), username: "zoë", email: "zoë@example.org", groups: ["ü"]),
        Principal(id: .random(), username: "e\u{301}", email: "\u{E9}", groups: []),
        Principal(
            id: .random(),
            username: String(repeating: "x", count: 64),
            email: nil,
            groups: []
        ),
        Principal(
            id: .random(),
            username: String(repeating: "x", count: 65),
            email: nil,
            groups: []
        ),
        Principal(
            id: .random(),
            username: String(repeating: "u", count: 250),
            email: String(repeating: "e", count: 250) + "@example.org",
            groups: (1...100).map { "group-\($0)" }
        ),
    ])
    func `a session comes back as it went in`(principal: Principal) throws {
        let (key, session) = try Self.session(
            of: principal.id,
            username: principal.username,
            email: principal.email,
            groups: principal.groups
        )
        var cache = SessionCache(bytes: 1 << 16)
        cache.insert(session, for: key)
        let found = try #require(Self.find(key, in: &cache))
        Self.expectSame(found, session)
        #expect(found.checked.principal == principal)
        #expect(
            found.checked.packedPrincipal.groups(joinedBy: 0x2B)
                == Array(principal.groups.joined(separator: "+").utf8)
        )
        for group in principal.groups {
            #expect(found.checked.packedPrincipal.isInAny(of: [[], Array(group.utf8)]))
            #expect(
                !found.checked.packedPrincipal.isInAny(of: [
                    Array((group + "x").utf8), Array(("x" + group).utf8),
                ])
            )
        }
        #expect(!found.checked.packedPrincipal.isInAny(of: []))
    }

    @Test(
        arguments: [
            (Int64.min, 0), (-1, 0), (0, 0), (60, 60), (Int64(UInt32.max), Int64(UInt32.max)),
            (.max, Int64(UInt32.max)),
        ] as [(Int64, Int64)]
    )
    func `an idle limit beyond 136 years is one of 136 years`(limit: Int64, kept: Int64) throws {
        let (key, session) = try Self.session()
        let times = CachedSession.Times(
            expiresAt: Timestamp(seconds: .max),
            idleLimit: limit,
            lastSeenAt: Timestamp(seconds: .min),
            writtenAt: Timestamp(seconds: .min)
        )
        var cache = SessionCache(bytes: 4096)
        cache.insert(CachedSession(checked: session.checked, times: times), for: key)
        let found = try #require(Self.find(key, in: &cache)?.times)
        #expect(found.idleLimit == kept)
        #expect(found.expiresAt.seconds == .max && found.lastSeenAt.seconds == .min)
    }

    @Test(arguments: [0x7FFF, 0x8000, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000])
    func `an email address of any length is packed as itself`(length: Int) {
        let email = String(repeating: "e", count: length)
        let principal = Principal(id: .random(), username: "ada", email: email, groups: ["a", "b"])
        let isSame = PackedPrincipal(principal).principal == principal
        #expect(isSame)
    }

    @Test func `names that are too long for a record are not kept, and nothing else is lost`()
        throws
    {
        var cache = SessionCache(bytes: 1 << 20)
        let (kept, session) = try Self.session()
        cache.insert(session, for: kept)
        for principal in [
            (String(repeating: "x", count: 1 << 16), [String]()),
            ("x", [String(repeating: "g", count: 1 << 14)]),
        ] {
            let (key, long) = try Self.session(username: principal.0, groups: principal.1)
            cache.insert(long, for: key)
            #expect(cache.find(key) == nil)
        }
        Self.expectSame(Self.find(kept, in: &cache), session)
    }

    @Test func `a record that is longer than the cache is not kept`() throws {
        var cache = SessionCache(bytes: 0)
        let (key, session) = try Self.session(username: String(repeating: "x", count: 900))
        cache.insert(session, for: key)
        #expect(cache.count == 0 && cache.find(key) == nil)
    }

    @Test(arguments: [0, 200, 1000, 5000, 1 << 16])
    func `it never takes more than its bytes, the smallest holds one session`(bytes: Int) throws {
        var cache = SessionCache(bytes: bytes)
        for number in 0..<1000 {
            let (key, session) = try Self.session(
                username: String(repeating: "x", count: 1 + number % 30)
            )
            cache.insert(session, for: key)
            if number.isMultiple(of: 3) { _ = cache.find(key) }
            #expect(cache.byteCount <= max(bytes, 1024))
            #expect(cache.find(key) != nil)
        }
        #expect(cache.count >= bytes / 220)
    }

    @Test func `what is used stays while a flood of others passes`() throws {
        var cache = SessionCache(bytes: 1 << 14)
        let used = try (0..<20).map { _ in try Self.session() }
        for (key, session) in used { cache.insert(session, for: key) }
        let unused = try Self.session()
        cache.insert(unused.session, for: unused.key)
        for number in 0..<2000 {
            let (key, session) = try Self.session()
            cache.insert(session, for: key)
            if number.isMultiple(of: 20) {
                for (key, session) in used { Self.expectSame(Self.find(key, in: &cache), session) }
            }
        }
        #expect(cache.find(unused.key) == nil)
    }

    @Test func `a session of realistic names takes at most 160 bytes`() throws {
        var cache = SessionCache(bytes: 1 << 22)
        let count = 20_000
        for number in 0..<count {
            let name = "user\(100_000 + number)@bench.example"
            let (key, session) = try Self.session(username: name, email: name)
            cache.insert(session, for: key)
        }
        #expect(cache.count == count)
        #expect(cache.byteCount / count <= 160)
    }

    @Test func `dropping the sessions of a user drops all of them and no others`() throws {
        var cache = SessionCache(bytes: 1 << 20)
        let users = [PublicID.random(), .random(), .random()]
        var keys: [(TokenDigest, PublicID)] = []
        for number in 0..<3000 {
            let user = users[number % 3]
            let (key, session) = try Self.session(of: user)
            cache.insert(session, for: key)
            keys.append((key, user))
        }
        cache.removeAll(of: [users[1]])
        #expect(cache.count == 2000)
        for (key, user) in keys { #expect((cache.find(key) == nil) == (user == users[1])) }
        cache.removeAll()
        #expect(cache.count == 0 && keys.allSatisfy { cache.find($0.0) == nil })
    }

    /// The cache may forget; it may never remember wrongly.
    ///
    /// Any hit equals what a dictionary holds, so nothing old or removed comes back out of the
    /// ring, and no session is found under the key of another.
    @Test(arguments: 0..<10)
    func `any hit is what was kept last`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var cache = SessionCache(bytes: Int.random(in: 100...8000, using: &generator))
        let users = (0..<3).map { _ in PublicID.random() }
        // Keys of which many lead to the same place of the index.
        let keys = try (0..<40).map { number in
            try digest(
                (0..<32).map { $0 == 0 ? UInt8(number) : $0 == 8 ? UInt8(number % 3 * 15) : 7 }
            )
        }
        var model: [TokenDigest: CachedSession] = [:]
        var hits = 0
        for step in 0..<3000 {
            let key = keys[Int.random(in: 0..<keys.count, using: &generator)]
            switch Int.random(in: 0..<100, using: &generator) {
            case 0:
                cache.removeAll()
                model = [:]
                #expect(cache.count == 0)
            case 1:
                let user = users[Int.random(in: 0..<3, using: &generator)]
                cache.removeAll(of: [user])
                model = model.filter { $0.value.checked.userID != user }
            case 2..<15:
                cache.remove(key)
                model[key] = nil
            case 15..<45:
                let (_, session) = try Self.session(
                    of: users[Int.random(in: 0..<3, using: &generator)],
                    username: String(
                        repeating: "n",
                        count: Int.random(in: 1...90, using: &generator)
                    )
                )
                cache.insert(session, for: key)
                model[key] = session
            default:
                guard let place = cache.find(key) else { continue }
                hits += 1
                var session = CachedSession(
                    checked: cache.checked(at: place),
                    times: cache.times(at: place)
                )
                Self.expectSame(session, try #require(model[key], "seed \(seed) step \(step)"))
                session.times.lastSeenAt = start + Int64(step)
                session.times.writtenAt = start + Int64(step / 2)
                cache.setUse(session.times, at: place)
                model[key] = session
            }
        }
        #expect(hits > 20, "seed \(seed) must find something to show anything")
    }
}
