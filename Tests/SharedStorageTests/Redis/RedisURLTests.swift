#if SharedEngines
import Sessions
import Testing

@testable import SharedStorage

@Suite struct RedisURLTests {
    private func address(_ host: String, _ port: UInt16) -> RedisURL.Place {
        .address(RedisURL.Address(host: host, port: port))
    }

    @Test func `a host alone is enough`() throws {
        let url = try RedisURL("redis://redis.example.org")
        #expect(url.place == address("redis.example.org", 6379))
        #expect(url.user == nil && url.password == nil)
        #expect(url.database == 0)
        #expect(url.certificates == nil)
    }

    @Test func `user, password, port and database are read`() throws {
        let url = try RedisURL("redis://ada:p%40ss%2Fw%C3%A9@10.0.0.1:7000/3")
        #expect(url.place == address("10.0.0.1", 7000))
        #expect(url.user == "ada")
        #expect(url.password == "p@ss/w\u{E9}")
        #expect(url.database == 3)
    }

    @Test func `a password needs no user, and an at-sign in it no escape`() throws {
        let url = try RedisURL("redis://:p@ss:word@[::1]:7000")
        #expect(url.place == address("::1", 7000))
        #expect(url.user == nil)
        #expect(url.password == "p@ss:word")
    }

    @Test func `TLS has its files as libpq names them`() throws {
        let url = try RedisURL(
            "rediss://h?sslrootcert=/ca.pem&sslcert=/c%20d.pem&sslkey=/k.pem"
        )
        let files = try #require(url.certificates)
        #expect(files.authorities == "/ca.pem")
        #expect(files.certificate == "/c d.pem")
        #expect(files.key == "/k.pem")
        #expect(try RedisURL("rediss://h").certificates == RedisURL.Certificates())
    }

    @Test(arguments: ["unix:///run/redis.sock?db=2", "redis+unix:///run/redis.sock?db=2"])
    func `a socket is named by its path`(text: String) throws {
        let url = try RedisURL(text)
        #expect(url.place == .socket(path: "/run/redis.sock"))
        #expect(url.database == 2)
        #expect(try RedisURL("unix://ada:secret@/run/r").password == "secret")
    }

    @Test func `sentinels are named one after the other, with their service`() throws {
        let url = try RedisURL("redis+sentinel://:secret@a,b:1,[::2]:3/my%20master/4")
        let sentinels = [("a", 26379), ("b", 1), ("::2", 3)].map {
            RedisURL.Address(host: $0.0, port: $0.1)
        }
        #expect(url.place == .service("my master", sentinels: sentinels))
        #expect(url.password == "secret")
        #expect(url.database == 4)
    }

    @Test(arguments: [
        "", "redis", "redis:/h", "http://secret@h", "redis://", "redis://:secret@",
        "redis://:secret@h:0", "redis://:secret@h:65536", "redis://:secret@h:12x",
        "redis://:secret@h:+12", "redis://:secret@h:", "redis://:secret@h/x",
        "redis://:secret@h/1/2", "redis://:secret@h/-1", "redis://:secret@[::1",
        "redis://:secret@[::1]x", "redis://:secret@h,i", "redis://:secret@h i",
        "redis://:secret%4@h", "redis://:secret%zz@h", "redis://:secret%FF@h",
        "redis://:secret@h?secret=1", "redis://:sec?ret=secret@h", "redis://:secret@h?db=1",
        "redis://:secret@h?secret", "redis://:secret@h?sslrootcert=/secret",
        "rediss://:secret@h?sslcert=/secret", "rediss://h?sslkey=/secret",
        "rediss://h?sslrootcert=a&sslrootcert=secret", "rediss://h?sslrootcert=",
        "unix://secret", "unix://:secret@h/path", "unix://", "unix:///secret%00",
        "unix:///\(String(repeating: "secret", count: 18))", "unix:///r?db=secret",
        "redis+sentinel://:secret@a", "redis+sentinel://:secret@a/", "redis+sentinel:///s",
        "redis+sentinel://:secret@a,/s", "redis+sentinel://:secret@a/s/x",
    ])
    func `what is wrong is said, and nothing of the URL`(text: String) {
        #expect {
            _ = try RedisURL(text)
        } throws: { error in
            guard case .unavailable("settings", let detail) = error as? StorageError else {
                return false
            }
            return detail.hasPrefix("the URL of Redis: ") && !detail.contains("secret")
        }
    }

    @Test func `a URL never prints itself`() throws {
        let url = try RedisURL("redis://ada:secret@h")
        #expect(!"\(url)".contains("secret") && !String(reflecting: url).contains("secret"))
        var dump = ""
        Swift.dump(url, to: &dump)
        #expect(!dump.contains("secret"))
    }

    @Test func `what others can read on the way is known`() throws {
        for text in ["redis://localhost", "redis://127.0.0.1", "rediss://h", "unix:///r"] {
            #expect(try RedisURL(text).isPrivate)
        }
        for text in ["redis://10.0.0.1", "redis://h", "redis+sentinel://127.0.0.1,h/s"] {
            #expect(try !RedisURL(text).isPrivate)
        }
    }
}
#endif
