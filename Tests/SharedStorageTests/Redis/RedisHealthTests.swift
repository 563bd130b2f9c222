#if SharedEngines
import Sessions
import Testing

@testable import SharedStorage

@Suite(.serialized, .timeLimit(.minutes(10))) struct RedisHealthTests {
    /// The settings of which the server is warned about, by the first words.
    private func warnings(_ server: LocalRedis) throws -> [Substring] {
        try RedisSessions.health(url: server.url, prefix: "c:").warnings
            .compactMap { $0.split(separator: " ").first }
    }

    @Test func `a server that keeps everything is warned of nothing`() throws {
        let server = try LocalRedis("--appendonly", "yes", "--appendfsync", "always")
        let health = try RedisSessions.health(url: server.url, prefix: "c:")
        #expect(health.warnings == [])
        #expect(health.server.hasPrefix("Redis ") || health.server.hasPrefix("Valkey "))
        #expect(health.isPrivate && health.isPersistent && health.fileSync == "always")
    }

    @Test func `a server that forgets is warned of`() throws {
        let plain = try LocalRedis()
        #expect(try warnings(plain) == ["appendonly"])
        let careless = try LocalRedis(
            "--appendonly",
            "yes",
            "--maxmemory",
            "100mb",
            "--maxmemory-policy",
            "allkeys-lru"
        )
        #expect(try warnings(careless) == ["maxmemory-policy", "appendfsync"])
    }

    @Test func `a server that is nearly full is warned of`() throws {
        let server = try LocalRedis("--appendonly", "yes", "--appendfsync", "always")
        let used = try RedisSessions.health(url: server.url, prefix: "c:").memoryInUse
        try server.call("CONFIG", "SET", "maxmemory", "\(used + used / 10)")
        #expect(try warnings(server) == ["More"])
    }

    @Test func `a connection that others can read is warned of`() {
        let health = RedisHealth(
            server: "Redis 7.0.15",
            isPrivate: false,
            evictionPolicy: "noeviction",
            memoryLimit: 0,
            memoryInUse: 1,
            isPersistent: true,
            fileSync: nil
        )
        #expect(health.warnings.count == 1)
    }

    @Test func `nothing is looked at that cannot be used`() throws {
        let server = try LocalRedis("--requirepass", "secret")
        #expect(throws: StorageError.unavailable(code: "denied", detail: "Redis says NOAUTH")) {
            try RedisSessions.health(url: server.url, prefix: "c:")
        }
    }
}
#endif
