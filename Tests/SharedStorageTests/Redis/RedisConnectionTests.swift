#if SharedEngines
import Sessions
import Testing

@testable import SharedStorage

@Suite(.timeLimit(.minutes(10))) struct RedisConnectionTests {
    private func connect(to url: RedisURL) throws -> RedisConnection {
        try RedisConnection(through: RedisDoor(url))
    }

    /// What a server says at the beginning: CLIENT SETNAME, INFO and ROLE.
    private func greeting(
        version: String = "7.0.15",
        mode: String = "standalone",
        role: String = "master"
    ) -> String {
        let info = "redis_version:\(version)\r\nredis_mode:\(mode)\r\nrun_id:abc\r\n"
        return
            "+OK\r\n$\(info.utf8.count)\r\n\(info)\r\n*1\r\n$\(role.utf8.count)\r\n\(role)\r\n"
    }

    private func code(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            guard case .unavailable(let code, _) = error as? StorageError else {
                return "other"
            }
            return code
        }
    }

    @Test func `a server that never answers is given up after a second`() throws {
        let server = try ScriptedServer(answering: [])
        let elapsed = ContinuousClock().measure {
            #expect(throws: StorageError.silentRedis) { try connect(to: server.url) }
        }
        #expect(elapsed >= .milliseconds(900) && elapsed < .seconds(2))
    }

    @Test func `an answer that stops half-way is given up`() throws {
        let server = try ScriptedServer(answering: "+OK\r\n$100\r\nredis_ver")
        #expect(throws: StorageError.silentRedis) { try connect(to: server.url) }
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "$-7\r\n", "$999999999999999\r\n", "*-5\r\n",
        "*2147483647\r\n", "*99999999999999\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", ":12a\r\n", "\0",
    ])
    func `garbage is no answer`(text: String) throws {
        let server = try ScriptedServer(answering: text)
        let code = code { _ = try connect(to: server.url) }
        #expect(code == "unreachable" || code == "timeout")
    }

    @Test func `an answer without end is cut off`() throws {
        // A text is announced that is longer than any answer, and sent.
        let size = 65 << 20
        let server = try ScriptedServer(
            answering: Array("+OK\r\n$\(size)\r\n".utf8)
                + [UInt8](repeating: UInt8(ascii: "x"), count: size)
        )
        #expect(throws: StorageError.self) { try connect(to: server.url) }
    }

    @Test func `a server that closes is unreachable`() throws {
        let server = try ScriptedServer(answering: "", closing: true)
        #expect(code { _ = try connect(to: server.url) } == "unreachable")
        #expect(code { _ = try connect(to: RedisURL("redis://127.0.0.1:1")) } == "unreachable")
        #expect(code { _ = try connect(to: RedisURL("unix:///absent")) } == "unreachable")
    }

    @Test func `a server that cannot hold sessions is refused, with the reason`() throws {
        let cases = [
            ("settings", greeting(version: "6.0.16")), ("settings", greeting(version: "x")),
            ("settings", greeting(mode: "cluster")), ("read-only", greeting(role: "slave")),
            ("denied", "-NOAUTH Authentication required.\r\n-NOAUTH x\r\n-NOAUTH x\r\n"),
            ("unreachable", "+OK\r\n-LOADING dataset in memory\r\n-LOADING x\r\n"),
        ]
        for (expected, answer) in cases {
            let server = try ScriptedServer(answering: answer)
            #expect(code { _ = try connect(to: server.url) } == expected)
        }
        let server = try ScriptedServer(answering: greeting())
        #expect(try connect(to: server.url).server.name == "Redis 7.0.15")
    }

    @Test func `a wrong password is refused, and not told`() throws {
        let server = try LocalRedis("--requirepass", "secret")
        for login in ["", ":wrong-secret@", "ada:wrong-secret@"] {
            #expect {
                _ = try connect(to: RedisURL("unix://\(login)\(server.socket)"))
            } throws: { error in
                guard case .unavailable("denied", let detail) = error as? StorageError else {
                    return false
                }
                return !detail.contains("secret")
            }
        }
        _ = try connect(to: RedisURL("unix://:secret@\(server.socket)"))
        _ = try connect(to: RedisURL("unix://default:secret@\(server.socket)?db=3"))
    }

    @Test func `a replica is refused`() throws {
        let server = try LocalRedis()
        try server.call("REPLICAOF", "127.0.0.1", "1")
        #expect(code { _ = try connect(to: server.url) } == "read-only")
    }

    @Test func `a connection that the server has closed is not used`() throws {
        let server = try LocalRedis()
        let connection = try connect(to: server.url)
        #expect(connection.isUsable)
        try server.call("CLIENT", "KILL", "TYPE", "normal")
        #expect(!connection.isUsable)
    }

    @Test func `a server that stops answering is given up after two seconds`() throws {
        let server = try LocalRedis()
        let connection = try connect(to: server.url)
        server.freeze()
        let elapsed = ContinuousClock().measure {
            #expect(throws: StorageError.silentRedis) {
                try connection.call(RedisCommand("PING"))
            }
        }
        #expect(elapsed >= .milliseconds(1900) && elapsed < .seconds(3))
        #expect(connection.hasTimedOut && !connection.isUsable)
    }

    @Test func `a sentinel leads to the master`() throws {
        // The answer to the question for the master: where a real server listens.
        let sentinel = try ScriptedServer(answering: "*2\r\n$9\r\n127.0.0.1\r\n$1\r\n1\r\n")
        let url = try RedisURL("redis+sentinel://127.0.0.1:2,127.0.0.1:\(sentinel.port)/main")
        let sentinels = RedisSentinels(
            [.init(host: "127.0.0.1", port: 2), .init(host: "127.0.0.1", port: sentinel.port)],
            login: nil
        )
        #expect(try sentinels.master(of: "main") == .init(host: "127.0.0.1", port: 1))
        #expect(code { _ = try connect(to: url) } == "unreachable")
        let ignorant = try ScriptedServer(answering: "*-1\r\n")
        #expect(throws: StorageError.self) {
            try RedisSentinels([.init(host: "127.0.0.1", port: ignorant.port)], login: nil)
                .master(of: "main")
        }
    }
}
#endif
