#if SharedEngines
import Accounts
import Sessions
import Storage
import StorageConformance
import Testing

@testable import SharedStorage

@Suite(.serialized, .timeLimit(.minutes(10))) struct RedisSessionsTests {
    private let user = Sample.user("ada", email: "ada@example.org", groups: ["admin", "staff"])

    private var credentials: Credentials {
        Credentials(
            user: user,
            passwordHash: PasswordHash(text: "$argon2id$1"),
            credentialVersion: 1
        )
    }

    /// Makes the user known.
    private func introduce(to sessions: RedisSessions) async throws {
        let state = RedisUser(id: user.id, credentials)
        _ = try await sessions.put(state, at: Sample.start)
    }

    @discardableResult
    private func begin(
        _ session: Session,
        in sessions: RedisSessions
    ) async throws -> RedisAnswer<Insertion> {
        try await sessions.insert(session, for: .first(of: user.id), keeping: 9, ending: [])
    }

    private func find(_ key: TokenDigest, in sessions: RedisSessions) async throws -> Session? {
        guard case .value(let found) = try await sessions.find(key) else { return nil }
        return found?.session
    }

    @Test func `a user whom Redis does not know is asked for`() async throws {
        let redis = try TestRedis()
        let sessions = try redis.open()
        defer { sessions.close() }
        let session = Sample.session(of: user)
        guard case .unknown(user.id) = try await begin(session, in: sessions) else {
            Issue.record("nobody was asked for")
            return
        }
        try await introduce(to: sessions)
        guard case .value(let insertion) = try await begin(session, in: sessions) else {
            Issue.record("the user is still unknown")
            return
        }
        #expect(insertion.principal == user.principal)
        #expect(try await find(session.key, in: sessions) == session)
    }

    @Test func `a script that the server has forgotten is sent again`() async throws {
        let server = try LocalRedis()
        let sessions = try RedisSessions(url: server.url, prefix: "c:", connections: 1)
        defer { sessions.close() }
        try await introduce(to: sessions)
        let session = Sample.session(of: user)
        try await begin(session, in: sessions)
        try server.call("SCRIPT", "FLUSH")
        #expect(try await find(session.key, in: sessions) == session)
    }

    @Test func `a new password ends what was begun with the old one`() async throws {
        let redis = try TestRedis()
        let sessions = try redis.open()
        defer { sessions.close() }
        try await introduce(to: sessions)
        let session = Sample.session(of: user)
        try await begin(session, in: sessions)
        let newer = RedisUser(
            id: user.id,
            Credentials(
                user: user,
                passwordHash: PasswordHash(text: "$2"),
                credentialVersion: 2
            )
        )
        let (_, ended) = try await sessions.put(newer, at: Sample.start)
        #expect(ended == [EndedSession(session)])
        // What was known before does not come back.
        try await introduce(to: sessions)
        await #expect(throws: StorageError.unknownUser) {
            try await begin(Sample.session(of: user), in: sessions)
        }
    }

    @Test func `a full server ends sessions, and begins none`() async throws {
        let server = try LocalRedis("--maxmemory-policy", "noeviction")
        let sessions = try RedisSessions(url: server.url, prefix: "c:", connections: 1)
        defer { sessions.close() }
        try await introduce(to: sessions)
        let session = Sample.session(of: user)
        try await begin(session, in: sessions)
        try server.call("CONFIG", "SET", "maxmemory", "1")
        let late = Sample.session(of: user)
        await #expect(
            throws: StorageError.unavailable(code: "full", detail: "Redis says OOM")
        ) {
            try await begin(late, in: sessions)
        }
        #expect(try await find(late.key, in: sessions) == nil)
        #expect(try await find(session.key, in: sessions) == session)
        let ended = try await sessions.remove(session.key, at: Sample.start)
        #expect(ended == EndedSession(session))
        #expect(try await find(session.key, in: sessions) == nil)
        #expect(try await sessions.sessionCount() == 0)
    }

    @Test func `keys of other programs are left alone`() async throws {
        let server = try LocalRedis()
        let others = ["c", "c-s:", "C:s:x", "x", "u:1", "d:x", "s:\(user.id.text)"]
        for name in others { try server.call("SET", name, "theirs") }
        let sessions = try RedisSessions(url: server.url, prefix: "c:", connections: 1)
        defer { sessions.close() }
        try await introduce(to: sessions)
        for age in Int64(0)..<5 {
            try await begin(Sample.session(of: user, at: age), in: sessions)
        }
        _ = try await sessions.removeExpired(at: Sample.start + 86_401, after: nil, limit: 9)
        _ = try await sessions.removeAll(except: nil, at: Sample.start)
        _ = try await sessions.forgetEnded(before: Sample.start + 90_000, limit: 99)
        for name in others {
            #expect(try server.call("GET", name) == .bytes(Array("theirs".utf8)))
        }
        let ours = try server.call("KEYS", "c:*").list
        #expect(ours.count == 1, "the user alone is left")
        #expect(try server.call("DBSIZE") == .number(Int64(others.count + 1)))
    }

    @Test func `every key but the lists of all sessions is deleted by the server in the end`()
        async throws
    {
        let redis = try TestRedis()
        let sessions = try redis.open()
        defer { sessions.close() }
        try await introduce(to: sessions)
        let session = Sample.session(of: user)
        try await begin(session, in: sessions)
        try await begin(Sample.session(of: user, lifetime: .max, idle: .max), in: sessions)
        _ = try await sessions.remove(session.key, at: Sample.start)
        let connection = try redis.connect()
        for key in try redis.keys() {
            let seconds = try connection.call(RedisCommand([Array("TTL".utf8), key])).number
            let name = key.dropFirst(redis.prefix.utf8.count).first
            let isList = name == UInt8(ascii: "x") || name == UInt8(ascii: "z")
            #expect(isList ? seconds == -1 : (86_400...31_622_400).contains(seconds))
        }
    }

    @Test func `a user of Redis needs few rights`() async throws {
        let server = try LocalRedis()
        let rules = """
            ACL SETUSER coatcheck on >secret ~coatcheck:* &__redis__:invalidate \
            +@read +@write +@scripting +@connection +info +role +subscribe
            """
        let words = rules.split(separator: " ").map { Array($0.utf8) }
        _ = try RedisConnection(through: RedisDoor(server.url)).call(RedisCommand(words))
        let url = try RedisURL("unix://coatcheck:secret@\(server.socket)")
        let sessions = try RedisSessions(url: url, prefix: "coatcheck:", connections: 1)
        defer { sessions.close() }
        try await introduce(to: sessions)
        let session = Sample.session(of: user)
        try await begin(session, in: sessions)
        #expect(try await find(session.key, in: sessions) == session)
        _ = try await sessions.removeAll(except: nil, at: Sample.start)
        try await sessions.probe()
        #expect(try await sessions.feed.changes() == [.anything])
        // And has no more.
        #expect(throws: StorageError.unavailable(code: "denied", detail: "Redis says NOPERM")) {
            try RedisSessions(url: url, prefix: "other:", connections: 1)
        }
    }

    @Test func `a damaged record is an error, and one of a newer version is named`()
        async throws
    {
        let redis = try TestRedis()
        let sessions = try redis.open()
        defer { sessions.close() }
        try await introduce(to: sessions)
        for (bytes, code) in [([UInt8](repeating: 1, count: 20), "corrupt"), ([2], "schema")] {
            #expect {
                try RedisRecord.session(bytes, key: Sample.key(), seen: nil)
            } throws: { error in
                guard case .unavailable(code, _) = error as? StorageError else { return false }
                return true
            }
        }
    }
}
#endif
