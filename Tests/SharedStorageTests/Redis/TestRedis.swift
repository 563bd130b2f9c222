#if SharedEngines
import Glibc
import Sessions
import Testing

@testable import SharedStorage

/// A prefix of its own on the server of the tests, whose keys go with it.
final class TestRedis: Sendable {
    let url: RedisURL
    let prefix = "test-\(PublicID.random().text):"

    init() throws {
        let address = unsafe getenv("COATCHECK_TEST_REDIS").map { unsafe String(cString: $0) }
        url = try RedisURL(try #require(address, "COATCHECK_TEST_REDIS names no server"))
    }

    deinit {
        guard let keys = try? keys(), !keys.isEmpty else { return }
        _ = try? connect().call(RedisCommand([Array("DEL".utf8)] + keys))
    }

    func open(connections: Int = 4) throws -> RedisSessions {
        try RedisSessions(url: url, prefix: prefix, connections: connections)
    }

    /// A connection as another program has one.
    func connect() throws -> RedisConnection {
        try RedisConnection(through: try RedisDoor(url))
    }

    /// Gives a command as another program would.
    @discardableResult
    func call(_ words: String...) throws -> RedisReply {
        let connection = try connect()
        defer { connection.close() }
        return try connection.call(RedisCommand(words.map { Array($0.utf8) }))
    }

    /// The keys with the prefix.
    func keys() throws -> [[UInt8]] {
        var keys: [[UInt8]] = []
        for key in try call("KEYS", "\(prefix)*").list { keys.append(try key.bytes) }
        return keys
    }
}
#endif
