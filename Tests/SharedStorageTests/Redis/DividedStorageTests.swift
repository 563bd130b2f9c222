#if SharedEngines
import Accounts
import Sessions
import Storage
import StorageConformance
import Testing

@testable import SharedStorage

@Suite(.serialized, .timeLimit(.minutes(10))) struct DividedStorageTests {
    private let engines: TestEngines
    private let storage: DividedStorage
    private let ada = Sample.user("ada", groups: ["admin"])

    init() async throws {
        engines = try TestEngines()
        storage = try engines.open()
        try await storage.insert(Sample.account(ada), beginning: nil, by: nil)
    }

    /// Begins a session of Ada's.
    private func begin() async throws -> Session {
        let session = Sample.session(of: ada)
        _ = try await storage.insert(session, keeping: 100)
        return session
    }

    /// How many accounts wait for Redis to hear of them.
    private func noteCount() async throws -> Int64? {
        try await storage.accounts.read(for: .other) { db in
            try db.first("SELECT count(*) FROM changed_users", []) { try $0.integer(at: 0) }
        }
    }

    /// Lets the notes look as old as those of a process that has crashed.
    private func age(_ seconds: Int = 60) throws {
        try engines.schema.run("UPDATE changed_users SET changed_at = changed_at - \(seconds)")
    }

    @Test func `nothing is left to do after a change`() async throws {
        defer { try? storage.close() }
        _ = try await begin()
        _ = try await storage.setPassword(
            PasswordHash(text: "$2"),
            of: ada.id,
            at: Sample.start
        )
        let edit = UserEdit(groups: ["admin", "staff"])
        _ = try await storage.edit(
            ada.id,
            edit,
            ifVersion: nil,
            force: false,
            by: nil,
            at: Sample.start
        )
        #expect(try await noteCount() == 0)
    }

    @Test func `a process that ended between the engines has its change finished by another`()
        async throws
    {
        defer { try? storage.close() }
        let session = try await begin()
        // What a process does before it crashes.
        _ = try await storage.accounts.setPassword(
            PasswordHash(text: "$2"),
            of: ada.id,
            at: Sample.start
        )
        #expect(try await noteCount() == 1)
        try age(-60)  // However long this test takes, it was just now.
        try await storage.settle()
        #expect(try await noteCount() == 1, "it may still be at work")
        try age(120)
        try await storage.settle()
        #expect(try await noteCount() == 0)
        #expect(try await storage.find(session.key) == nil)
        #expect(try await storage.ended(session.key) == EndedSession(session))
    }

    @Test func `an account that was deleted half-way has no sessions in the end`() async throws {
        defer { try? storage.close() }
        let session = try await begin()
        _ = try await storage.accounts.delete(
            ada.id,
            force: true,
            by: nil,
            at: Sample.start
        )
        try age()
        try await storage.settle()
        #expect(try await noteCount() == 0)
        #expect(try await storage.find(session.key) == nil)
        #expect(try await storage.sessionCount() == 0)
    }

    @Test func `nobody is let in again who was shut and opened before Redis heard of it`()
        async throws
    {
        defer { try? storage.close() }
        let session = try await begin()
        for isDisabled in [true, false] {
            _ = try await storage.accounts.edit(
                ada.id,
                UserEdit(isDisabled: isDisabled),
                ifVersion: nil,
                force: true,
                at: Sample.start
            )
        }
        try age()
        try await storage.settle()
        #expect(try await storage.find(session.key) == nil)
        #expect(try await storage.ended(session.key) == EndedSession(session))
    }

    @Test func `a login with a new password does not wait for the note of it`() async throws {
        defer { try? storage.close() }
        let old = try await begin()
        _ = try await storage.accounts.setPassword(
            PasswordHash(text: "$2"),
            of: ada.id,
            at: Sample.start
        )
        let session = Sample.session(of: ada)
        let renewed = Authentication(userID: ada.id, credentialVersion: 2)
        _ = try await storage.insert(session, for: renewed, keeping: 9, ending: [])
        #expect(try await storage.find(old.key) == nil)
        try age()
        try await storage.settle()
        // Nor does the note end it.
        #expect(try await storage.find(session.key)?.session == session)
    }

    @Test func `a user whom Redis has forgotten is read from the accounts again`() async throws {
        defer { try? storage.close() }
        let session = try await begin()
        let connection = try engines.redis.connect()
        let name = storage.sessions.keys.key("u:", ada.id.bytes)
        _ = try connection.call(RedisCommand([Array("DEL".utf8), name]))
        #expect(try await storage.find(session.key)?.principal == ada.principal)
    }

    @Test func `a shut account that Redis has forgotten stays shut`() async throws {
        defer { try? storage.close() }
        let session = try await begin()
        try engines.schema.run("UPDATE users SET disabled = 1")
        let connection = try engines.redis.connect()
        let name = storage.sessions.keys.key("u:", ada.id.bytes)
        _ = try connection.call(RedisCommand([Array("DEL".utf8), name]))
        #expect(try await storage.find(session.key) == nil)
        await #expect(throws: StorageError.unknownUser) {
            try await storage.insert(Sample.session(of: ada), keeping: 9)
        }
    }

    @Test func `a change of the password that another one follows does not keep its session`()
        async throws
    {
        defer { try? storage.close() }
        let session = try await begin()
        let state = RedisUser(id: ada.id, try await storage.credentials(of: ada.id))
        // Both are made before Redis hears of the first.
        for text in ["$2", "$3"] {
            _ = try await storage.accounts.setPassword(
                PasswordHash(text: text),
                of: ada.id,
                at: Sample.start
            )
        }
        let next = Sample.session(of: ada)
        let latest = try await storage.state(of: ada.id)
        #expect(latest.revision == state.revision + 2)
        let renewal = RedisRenewal(old: session.key, session: next, credentialVersion: 2)
        _ = try await storage.sessions.put(latest, renewing: renewal, at: Sample.start)
        #expect(try await storage.sessions(of: ada.id).isEmpty)
    }

    @Test func `whose a session is can be asked for`() async throws {
        defer { try? storage.close() }
        let session = try await begin()
        _ = try await begin()
        #expect(try await storage.owner(ofSession: session.id) == ada.id)
        #expect(try await storage.owner(ofSession: .random()) == nil)
    }

    @Test func `both engines are tried by the probe`() async throws {
        defer { try? storage.close() }
        try await storage.probe()
        let figures = storage.connections
        #expect(figures.map(\.engine) == ["postgresql", "redis"])
    }

    @Test func `everything of everybody ends in steps`() async throws {
        defer { try? storage.close() }
        var sessions: [Session] = []
        for _ in 0..<2100 { sessions.append(Sample.session(of: ada)) }
        try await storage.sessions.add(
            sessions.map { RedisSessions.Moved(session: $0, credentialVersion: 1) }
        )
        #expect(try await storage.sessionCount() == 2100)
        let kept = sessions[1234]
        let ended = try await storage.removeAll(of: nil, except: kept.id, at: Sample.start)
        #expect(ended.count == 2099)
        #expect(try await storage.sessionCount() == 1)
        #expect(try await storage.sessions(of: ada.id) == [kept])
    }

    @Test func `an account is not made when Redis is gone before that`() async throws {
        let bob = Sample.user("bob")
        let server = try LocalRedis()
        let sessions = try RedisSessions(url: server.url, prefix: "c:", connections: 1)
        let divided = DividedStorage(accounts: storage.accounts, sessions: sessions)
        defer { try? divided.close() }
        server.kill()
        await #expect(throws: StorageError.self) {
            try await divided.insert(
                Sample.account(bob),
                beginning: Sample.session(of: bob),
                by: nil
            )
        }
        // Redis was asked first.
        #expect(try await storage.accounts.user(bob.id) == nil)
    }

    @Test func `a Redis that restarts empty has signed everybody out, and takes logins`()
        async throws
    {
        let server = try LocalRedis()
        let sessions = try RedisSessions(url: server.url, prefix: "c:", connections: 2)
        let divided = DividedStorage(accounts: storage.accounts, sessions: sessions)
        defer { try? divided.close() }
        let session = Sample.session(of: ada)
        _ = try await divided.insert(session, keeping: 9)
        let feed = Task { while !Task.isCancelled { _ = try? await divided.changesOfOthers() } }
        defer { feed.cancel() }
        server.kill()
        await #expect(throws: StorageError.self) { try await divided.find(session.key) }
        try server.start()
        // Its threads try ten times a second.
        var next: Session?
        for _ in 0..<200 where next == nil {
            let session = Sample.session(of: ada)
            if (try? await divided.insert(session, keeping: 9)) != nil { next = session }
            try await Task.sleep(for: .milliseconds(10))
        }
        let begun = try #require(next)
        #expect(try await divided.find(begun.key)?.session == begun)
        #expect(try await divided.find(session.key) == nil)
    }
}
#endif
