import Telemetry
import Testing
import coatcheck

/// What each kind of setting takes and refuses.
@Suite struct SettingValueTests {
    /// A key, what it takes and what it refuses, as it stands in a file.
    struct Kind: Sendable, CustomTestStringConvertible {
        let key: String
        let good: [String]
        let bad: [String]
        /// What else must be set for it.
        let beside: String

        var testDescription: String { key }

        init(_ key: String, good: [String], bad: [String], beside: String = "") {
            self.key = key
            self.good = good
            self.bad = bad
            self.beside = beside
        }

        /// A whole number of a range.
        static func number(_ key: String, _ range: ClosedRange<Int>) -> Kind {
            Kind(
                key,
                good: ["\(range.lowerBound)", "\(range.upperBound)", "\"\(range.lowerBound)\""],
                bad: [
                    "\(range.lowerBound - 1)", "\(range.upperBound + 1)", "-1", "", "x", "1.0",
                    "1e3", "0x10", "1_000", "[16]", "~", "99999999999999999999", "\" 16\"", "١٦",
                    "true",
                ]
            )
        }

        /// A time of a range, which is written in days and seconds.
        static func duration(_ key: String, good: [String], bad: [String]) -> Kind {
            Kind(
                key,
                good: good,
                bad: bad + [
                    "", "h", "10", "-1s", "+1s", "1.5h", "1h30m", "1 h", "1H", "1w", "1ms", "1h ,",
                    "[1h]", "99999999999999999999s", "9223372036854775807d", "½h", "١h", "never",
                ]
            )
        }
    }

    private static let lifetime = (
        good: ["1s", "90s", "10m", "8h", "400d", "34560000s"], bad: ["0s", "401d", "34560001s"]
    )

    private static let kinds: [Kind] = [
        .number("workers", 2...256), .number("session.per-account", 1...10_000),
        .number("password.minimum", 8...64),
        Kind(
            "session.cache",
            good: ["1M", "1024K", "64M", "64G", "65536M"],
            bad: [
                "", "M", "64", "1023K", "65G", "-1M", "+1M", "1.5M", "1 M", "1m", "1MB", "1MiB",
                "99999999999999999999M", "9007199254740993K", "١M", "[1M]", "0M",
            ]
        ),
        .number("password.memory", 1024...1_048_576), .number("password.passes", 1...20),
        .number("password.lanes", 1...64), .number("password.queue", 1...255),
        .duration("session.absolute", good: lifetime.good, bad: lifetime.bad),
        .duration("session.remember-absolute", good: lifetime.good, bad: lifetime.bad),
        .duration("session.idle", good: ["1s", "24h", "86400s"], bad: lifetime.bad),
        .duration("session.remember-idle", good: ["1s", "30d"], bad: lifetime.bad),
        .duration("session.sweep", good: ["1s", "1d"], bad: ["0s", "86401s", "2d"]),
        .duration("stop.deadline", good: ["0s", "10m", "600s"], bad: ["601s", "11m", "1h"]),
        Kind(
            "socket.mode",
            good: ["0660", "660", "0777", "000", "\"0600\""],
            bad: [
                "1777", "0888", "66", "06600", "", "rw-rw----", "0o660", "-000", "+660", "[0660]",
                "\" 660\"",
            ]
        ),
        Kind("site.sign-up", good: ["true", "false"], bad: ["", "open", "yes", "no", "1"]),
        Kind(
            "cookie.secure",
            good: ["true", "false", "\"true\""],
            bad: ["", "yes", "no", "on", "True", "TRUE", "1", "0", "~", "[true]", "\"true \""]
        ),
        Kind(
            "cookie.name",
            good: ["session", "sid", "a.b-c_d", "s1"],
            bad: [
                "", "__Host-session", "__Secure-session", "__host-x", "__Http-x", "a b", "a=b",
                "\"a;b\"", "\"a,b\"", "sitzung-ü", "[a]", "\"a\\tb\"",
                String(repeating: "a", count: 4050), String(repeating: "a", count: 5000),
            ]
        ),
        Kind(
            "cookie.path",
            good: ["", "/", "/auth", "/a/b"],
            bad: [
                "auth", "\"/a;b\"", "\"/a\\nb\"", "/ä", "[/]",
                "/" + String(repeating: "a", count: 1024),
            ]
        ),
        Kind(
            "socket.path",
            good: ["/run/x.sock", "/" + String(repeating: "a", count: 106)],
            bad: [
                "", "run/x", "./x", "~/x", "\"/a\\0b\"", "\"/a\\nb\"", "[/x]",
                "/" + String(repeating: "a", count: 107), "/" + String(repeating: "ä", count: 54),
            ]
        ),
        Kind("socket.group", good: ["", "www-data"], bad: ["\"a\\nb\"", "[a]", "\"\\0\""]),
        Kind(
            "storage.path",
            good: ["/x.db"],
            bad: ["", "x.db", "\":memory:\"", "\"/a\\0b\"", "[/x]"]
        ),
        Kind(
            "storage.url",
            good: ["", "postgresql://u:p@a,b:1/d?sslmode=require", "postgres:///d?host=/run"],
            bad: [
                "/x.db", "mysql://h/d", "\"postgresql:\"", "\"postgresql://h\\n\"",
                "[postgresql://h]",
            ]
        ),
        Kind(
            "sessions.url",
            good: [
                "", "redis://u:p@h:1/2", "rediss://h", "redis+unix:///run/r.sock", "unix:///r",
                "redis+sentinel://a,b:26379/main",
            ],
            bad: ["h:6379", "http://h", "memcached://h", "[\"redis://h\"]"],
            beside: "storage.url: postgresql://h/d\n"
        ),
        Kind("storage.connections", good: ["1", "256"], bad: ["0", "257", "-1", "x", ""]),
        Kind(
            "sessions.prefix",
            good: ["coatcheck", "a", "A.b-c_d1"],
            bad: ["", "a b", "ü", "\"*\"", "\"a:\"", String(repeating: "a", count: 65)]
        ),
        Kind(
            "log.level",
            good: ["debug", "info", "notice", "warning", "error"],
            bad: ["", "Info", "warn", "off", "7", "[info]", "trace"]
        ),
        Kind("cookie.device-name", good: ["device", "d"], bad: ["", "__Host-d", "a b", "d="]),
        Kind(
            "site.url",
            good: ["", "https://example.org", "http://localhost:8080/auth"],
            bad: ["example.org", "https://example.org/", "ftp://x", "https://a@b", "https://x?y"]
        ),
        Kind(
            "policies",
            good: [
                "{}", "{editors: {groups: [editors, staff], max-age: 10m}}",
                "{a-b_1: {max-age: 1s}}",
            ],
            bad: [
                "x", "[x]", "{user: {groups: [a]}}", "{admin: {max-age: 1s}}", "{X: {groups: [a]}}",
                "{x: {}}", "{x: {groups: []}}", "{x: {group: [a]}}", "{x: {groups: a}}",
                "{x: {groups: [\"a b\"]}}",
                "{x: {max-age: 0s}}", "{x: {max-age: 10}}", "{\"a/b\": {groups: [a]}}",
            ]
        ),
        Kind("log.format", good: ["logfmt", "json"], bad: ["", "JSON", "text"]),
        Kind("session.fresh", good: ["10s", "15m", "1d"], bad: ["9s", "25h", "15"]),
        Kind("password.link", good: ["60s", "24h", "30d"], bad: ["59s", "31d", "x"]),
        Kind("throttle.account", good: ["1", "100"], bad: ["0", "101", "x"]),
        Kind("throttle.device", good: ["1", "100"], bad: ["0", "101"]),
        Kind("throttle.network", good: ["1", "100000"], bad: ["0", "100001"]),
        Kind("throttle.sign-up", good: ["1", "100000"], bad: ["0", "100001"]),
        Kind("throttle.capacity", good: ["1000", "10000000"], bad: ["999", "10000001"]),
        Kind("throttle.longest", good: ["1s", "1d"], bad: ["0s", "25h"]),
        Kind("throttle.forget", good: ["60s", "365d"], bad: ["59s", "366d"]),
        Kind("throttle.known-device", good: ["1d", "400d"], bad: ["23h", "401d"]),
        Kind("audit.keep", good: ["1h", "3650d"], bad: ["59m", "3651d"]),
        Kind(
            "next.hosts",
            good: [
                "[]", "", "[app.example.org]", "[app.example.org, \"b.example.org:8443\"]",
                "app.example.org", "[\"http://app.internal\"]", "\"a.example.org,b.example.org\"",
                "[\"[::1]:8443\"]",
            ],
            bad: [
                "[\"\"]", "[\"*.example.org\"]", "[\"https://a.example.org\"]", "[a.example.org/x]",
                "[\"a@b\"]", "[\"a b\"]", "[ä.example.org]", "[\"a?b\"]", "[\"a#b\"]",
                "[\"a\\\\b\"]",
                "[\"a\\nb\"]",
            ]
        ),
    ]

    @Test(arguments: kinds)
    func `what is allowed is taken`(kind: Kind) throws {
        for value in kind.good {
            #expect(throws: Never.self, "\(value)") {
                try settings("\(kind.beside)\(kind.key): \(value)")
            }
        }
    }

    @Test(arguments: kinds)
    func `what is not allowed is refused with the file, the key and what is allowed`(
        kind: Kind
    ) throws {
        let setting = try #require(SettingTable.all.first { $0.key == kind.key })
        for value in kind.bad {
            let why = try refusal(of: "\(kind.key): \(value)")
            #expect(why == "FILE: \(kind.key) must be \(setting.allowed)", "\(value)")
        }
    }

    @Test func `sessions in a shared engine need accounts in one`() throws {
        let why = try refusal(of: "sessions.url: redis://h")
        #expect(why?.contains("sessions.url must be empty without storage.url") == true)
    }

    @Test(arguments: ["postgresql://u:hidden@h/d", "mysql://u:hidden@h/d"])
    func `an address that may hold a password is never shown`(address: String) throws {
        do {
            let settings = try settings("storage.url: \(address)")
            #expect(settings.dump.contains("storage.url: \"<secret>\""))
            #expect(!settings.dump.contains("hidden"))
        } catch {
            #expect(!"\(error)".contains("hidden"))
        }
    }

    @Test func `every setting is tried above`() {
        let tried = Set(SettingValueTests.kinds.map(\.key))
        #expect(tried == Set(SettingTable.all.map(\.key)))
    }

    @Test func `values are read in their units`() throws {
        let read = try settings(
            """
            session.absolute: 2d
            session.idle: 3h
            stop.deadline: 4m
            session.sweep: 5s
            socket.mode: 0640
            workers: 7
            cookie.secure: false
            log.level: warning
            next.hosts: [a.example.org, b.example.org]
            """
        )
        #expect(read[.sessionAbsolute] == 172_800 && read[.sessionIdle] == 10_800)
        #expect(read[.stopDeadline] == 240 && read[.sessionSweep] == 5)
        #expect(read[.socketMode] == 0o640 && read[.workers] == 7)
        #expect(read[.cookieSecure] == false && read[.logLevel] == .warning)
        #expect(read[.nextHosts] == ["a.example.org", "b.example.org"])
        #expect(read[.passwordMemory] == 19_456)
    }

    @Test func `an idle limit above its absolute limit is refused, a default gives way`() throws {
        for (idle, absolute) in [
            ("session.idle", "session.absolute"),
            ("session.remember-idle", "session.remember-absolute"),
        ] {
            let why = try refusal(of: "\(idle): 2h\n\(absolute): 1h")
            #expect(why?.contains("\(idle) must be at most \(absolute)") == true)
            _ = try settings("\(absolute): 1h")
            _ = try settings("\(idle): 1h\n\(absolute): 1h")
        }
    }
}
