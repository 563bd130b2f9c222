#if SharedEngines
import Accounts
import Sessions
import Storage
import StorageConformance
import Testing

@testable import SharedStorage

@Suite(.serialized, .timeLimit(.minutes(10))) struct RedisFeedTests {
    private let server: LocalRedis
    private let door: RedisDoor
    private let keys = RedisKeys(prefix: Array("c:".utf8))
    private let key = Sample.key()
    private let user = PublicID.random()

    init() throws {
        server = try LocalRedis()
        door = try RedisDoor(server.url)
    }

    private func listen() throws -> RedisListener {
        let listener = try RedisListener(through: door, keys)
        #expect(try listener.changes(within: .zero) { false } == [.anything])
        return listener
    }

    private func changes(
        _ listener: RedisListener,
        within time: Duration = .seconds(5)
    ) throws -> Set<StorageChange> {
        Set(try listener.changes(within: time) { false })
    }

    private func call(_ words: [UInt8]...) throws {
        _ = try RedisConnection(through: door).call(RedisCommand(words))
    }

    private func set(_ key: [UInt8]) throws {
        try call(Array("SET".utf8), key, Array("1".utf8))
    }

    @Test func `a server that does not tell of what is written is found out`() throws {
        let writer = try RedisConnection(through: door)
        try RedisListener(through: door, keys).tryOut(by: writer)
        // As if tracking were without effect: it tells of other keys.
        let deaf = try RedisListener(through: door, keys)
        #expect(throws: StorageError.self) {
            try deaf.tryOut(by: writer, name: "y:")
        }
    }

    @Test func `nothing is told where nothing happens`() throws {
        let listener = try listen()
        let before = listener.lastProof
        #expect(try changes(listener, within: .seconds(5)) == [])
        // It was asked and has answered.
        #expect(listener.lastProof > before)
    }

    @Test func `what is written, deleted or expires is told, each once`() throws {
        let listener = try listen()
        for _ in 0..<3 { try set(keys.key("s:", key.bytes)) }
        #expect(try changes(listener) == [.session(key)])
        try set(keys.key("u:", user.bytes))
        #expect(try changes(listener) == [.user(user)])
        try call(Array("DEL".utf8), keys.key("s:", key.bytes))
        #expect(try changes(listener) == [.session(key)])
        try call(Array("PEXPIRE".utf8), keys.key("u:", user.bytes), Array("1".utf8))
        #expect(try changes(listener) == [.user(user)])
    }

    @Test func `other keys are told of to nobody`() throws {
        let listener = try listen()
        for name in ["i:", "e:", "x:"] { try set(keys.key(name, key.bytes)) }
        try set(Array("d:s:".utf8) + key.bytes)
        try set(keys.key("s:", [1, 2, 3]))
        #expect(try changes(listener, within: .milliseconds(200)) == [])
    }

    @Test func `an emptied server means that it may be anything`() throws {
        let listener = try listen()
        try server.call("FLUSHALL")
        #expect(try changes(listener) == [.anything])
    }

    @Test func `a feed that the server has dropped is lost at once`() throws {
        let listener = try listen()
        try server.call("CLIENT", "KILL", "TYPE", "pubsub")
        #expect(throws: StorageError.lostRedis) { try changes(listener) }
        #expect(!listener.isUsable)
    }

    @Test func `a frozen server is noticed soon`() throws {
        let listener = try listen()
        #expect(try changes(listener, within: .milliseconds(60)) == [])
        server.freeze()
        defer { server.thaw() }
        let elapsed = ContinuousClock().measure {
            #expect(throws: StorageError.silentRedis) {
                while try changes(listener, within: .milliseconds(100)).isEmpty {}
            }
        }
        // Tests of two programs measure the fifth of a second; here threads are scarce.
        #expect(elapsed < .seconds(1))
    }

    @Test func `news that lies there is told before it is judged how old the question is`()
        throws
    {
        let listener = try listen()
        try set(keys.key("s:", key.bytes))
        // As a process that was stopped for long.
        let started = ContinuousClock.now
        while ContinuousClock.now - started < .milliseconds(400) {}
        #expect(try changes(listener) == [.session(key)])
    }

    @Test func `the first call after a loss says that it may be anything`() async throws {
        let feed = RedisFeed(through: door, keys)
        defer { feed.close() }
        #expect(try await feed.changes() == [.anything])
        #expect(try await feed.changes() == [])
        #expect(ContinuousClock.now - (try #require(feed.lastProof)) < .seconds(5))
        try server.call("CLIENT", "KILL", "TYPE", "pubsub")
        await #expect(throws: StorageError.self) { try await feed.changes() }
        #expect(try await feed.changes() == [.anything])
        #expect(feed.reconnects == 1)
    }

    @Test
    func `data of another process than the one that is heard makes the feed connect anew`()
        async throws
    {
        let feed = RedisFeed(through: door, keys)
        defer { feed.close() }
        // Nothing is cached yet, so whatever is read is as good as any.
        #expect(feed.agrees(with: "another"))
        #expect(try await feed.changes() == [.anything])
        let runID = try RedisConnection(through: door).server.runID
        #expect(feed.agrees(with: runID))
        #expect(!feed.agrees(with: "another"))
        await #expect(throws: StorageError.self) { try await feed.changes() }
        #expect(try await feed.changes() == [.anything])
        #expect(feed.agrees(with: runID))
    }
}
#endif
