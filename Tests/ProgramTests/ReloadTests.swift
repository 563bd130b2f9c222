import Telemetry
import Testing

@testable import coatcheck

/// What reading the settings again changes.
@Suite struct ReloadTests {
    /// The settings that a running server cannot change, with another value than the default.
    private static let fixed = [
        ("socket.path", "/tmp/x.sock"), ("socket.mode", "0600"), ("socket.group", "www-data"),
        ("workers", "7"), ("storage.path", "/x.db"), ("session.cache", "1M"),
        ("session.sweep", "2m"), ("password.memory", "1024"), ("password.passes", "1"),
        ("password.lanes", "1"), ("password.queue", "1"), ("throttle.capacity", "1000"),
        ("audit.keep", "1h"), ("stop.deadline", "1s"), ("storage.url", "postgresql://h/d"),
        ("storage.connections", "3"), ("sessions.prefix", "c"),
    ]

    /// Those that it can.
    private static let reloadable = [
        ("site.url", "https://example.org"), ("cookie.name", "sid"), ("cookie.device-name", "dev"),
        ("cookie.secure", "false"), ("site.sign-up", "false"), ("cookie.path", "/x"),
        ("session.absolute", "20h"),
        ("session.idle", "1h"), ("session.remember-absolute", "20d"),
        ("session.remember-idle", "1d"), ("session.per-account", "5"), ("session.fresh", "1m"),
        ("policies", "{x: {max-age: 1s}}"), ("password.minimum", "12"), ("password.link", "1h"),
        ("throttle.account", "5"), ("throttle.device", "5"), ("throttle.network", "5"),
        ("throttle.sign-up", "5"), ("throttle.longest", "1h"), ("throttle.forget", "1h"),
        ("throttle.known-device", "1d"), ("next.hosts", "[a.example.org]"),
        ("log.level", "debug"), ("log.format", "json"),
    ]

    private let old: Settings

    init() throws { old = try Settings(file: nil, environment: [:]) }

    @Test func `every setting is tried here`() {
        let tried = (Self.fixed + Self.reloadable).map(\.0) + ["sessions.url"]
        #expect(tried.count == Set(tried).count)
        #expect(Set(tried) == Set(SettingTable.all.map(\.key)))
    }

    @Test(arguments: fixed)
    func `a setting that needs a restart is named, and stays as it was`(key: String, value: String)
        throws
    {
        let new = try settings("\(key): \(value)\nlog.level: error")
        #expect(old.needingRestart(to: new) == [key])
        #expect(new.needingRestart(to: old) == [key])
        let kept = new.keepingFixed(of: old)
        #expect(old.needingRestart(to: kept).isEmpty)
        #expect(kept[.logLevel] == .error)
        #expect(kept.dump == (try settings("log.level: error")).dump)
        // The other way round: what was set stays set.
        #expect(old.keepingFixed(of: new).dump == (try settings("\(key): \(value)")).dump)
    }

    @Test func `where the sessions are needs a restart too`() throws {
        let accounts = "storage.url: postgresql://h/d\n"
        let new = try settings(accounts + "sessions.url: redis://h")
        #expect(try settings(accounts).needingRestart(to: new) == ["sessions.url"])
    }

    @Test(arguments: reloadable)
    func `every other setting takes effect at once`(key: String, value: String) throws {
        let new = try settings("\(key): \(value)")
        #expect(new.dump != old.dump)
        #expect(old.needingRestart(to: new).isEmpty)
        #expect(new.keepingFixed(of: old).dump == new.dump)
    }

    @Test func `settings that say the same need no restart`() throws {
        for text in ["", "workers: 16", "storage.path: /var/lib/coatcheck/coatcheck.db"] {
            #expect(old.needingRestart(to: try settings(text)).isEmpty)
        }
        let all = Self.fixed.map { "\($0.0): \($0.1)" }.joined(separator: "\n")
        let keys = Self.fixed.map(\.0)
        #expect(Set(old.needingRestart(to: try settings(all))) == Set(keys))
    }

    @Test(arguments: [("60s", "1d", 86_400), ("24h", "15m", 86_400)] as [(String, String, Int64)])
    func `stored counters are kept as long as the throttle remembers them`(
        forget: String,
        longest: String,
        seconds: Int64
    ) throws {
        let read = try settings("throttle.forget: \(forget)\nthrottle.longest: \(longest)")
        #expect(read.upkeepSpans.throttle == seconds)
    }
}
