internal import Accounts
internal import HTTP
package import Routes
package import Telemetry

// The one table of settings. A new setting is a line here and a line in `SettingTable.all`.

extension Setting where Value == String {
    /// The setting `socket.path`.
    package static let socketPath = text(
        "socket.path",
        "/run/coatcheck/fcgi.sock",
        allowed: "an absolute path of at most 107 bytes (unix(7))",
        "The unix socket on which nginx finds Coatcheck; a socket passed by systemd goes first."
    ) { $0.hasPrefix("/") && $0.utf8.count <= 107 }
    .fixed()
    /// The setting `socket.group`.
    package static let socketGroup = text(
        "socket.group",
        "",
        allowed: "the name of a group, or empty",
        "The group of the socket, which is nginx's; empty leaves it as it is."
    )
    .fixed()
    /// The setting `storage.path`.
    package static let storagePath = path(
        "storage.path",
        "/var/lib/coatcheck/coatcheck.db",
        "The SQLite database; its folder must exist. Not used with storage.url."
    )
    .fixed()
    /// The setting `storage.url`.
    package static let storageURL = address(
        "storage.url",
        schemes: ["postgresql", "postgres"],
        "A PostgreSQL database for the accounts, which several machines share, as libpq writes it; "
            + "the sessions are there too, unless sessions.url is set."
    )
    .fixed()
    /// The setting `sessions.url`.
    package static let sessionsURL = address(
        "sessions.url",
        schemes: ["redis", "rediss", "redis+unix", "unix", "redis+sentinel"],
        "A Redis or Valkey server for the sessions; needs storage.url. rediss is TLS."
    )
    .fixed()
    /// The setting `sessions.prefix`.
    package static let sessionsPrefix = text(
        "sessions.prefix",
        "coatcheck",
        allowed: "1 to 64 letters, digits, dots, dashes and underscores",
        "What the names of our keys in Redis begin with, before a colon; others are never touched."
    ) { prefix in
        (1...64).contains(prefix.utf8.count)
            && prefix.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20)
                    || ".-_".utf8.contains($0)
            }
    }
    .fixed()
    /// The setting `cookie.name`.
    package static let cookieName = text(
        "cookie.name",
        "session",
        allowed: "a cookie name of at most 64 characters, without __Host- or __Secure-",
        "The name of the session cookie; the prefix is added by rule."
    ) { SetCookie.isValidName($0) && !$0.hasPrefix("__") && $0.utf8.count <= 64 }
    /// The setting `cookie.device-name`.
    package static let cookieDeviceName = text(
        "cookie.device-name",
        "device",
        allowed: "a cookie name of at most 64 characters, without __Host- or __Secure-",
        "The name of the cookie by which a device is known again at the login; it opens nothing."
    ) { SetCookie.isValidName($0) && !$0.hasPrefix("__") && $0.utf8.count <= 64 }
    /// The setting `cookie.path`.
    package static let cookiePath = text(
        "cookie.path",
        "",
        allowed: "a path that begins with /, or empty",
        "The path of the session cookie; empty follows the mount. Mounted below a path and "
            + "guarding the whole site, set it to /."
    ) { $0.isEmpty || SetCookie.isValidPath($0) }
    /// The setting `site.url`.
    package static let siteURL = text(
        "site.url",
        "",
        allowed: "an address such as https://example.org or https://example.org/auth, or empty",
        "The address of the mount, for links that people are handed to set a password. It is "
            + "never taken from a request."
    ) { url in
        url.isEmpty
            || (url.hasPrefix("https://") || url.hasPrefix("http://")) && !url.hasSuffix("/")
                && url.utf8.count <= 1024
                && url.utf8.allSatisfy {
                    (0x21...0x7E).contains($0) && !"?#@\\\"".utf8.contains($0)
                }
    }
}

extension Setting where Value == UInt32 {
    /// The setting `socket.mode`.
    package static let socketMode = mode(
        "socket.mode",
        "0660",
        "The rights of the socket; connecting needs the right to write."
    )
    .fixed()
}

extension Setting where Value == Int {
    /// The setting `workers`.
    package static let workers = number(
        "workers",
        16,
        in: 2...256,
        "The worker threads, which is how many requests are served at the same time."
    )
    .fixed()
    /// The setting `storage.connections`.
    package static let storageConnections = number(
        "storage.connections",
        8,
        in: 1...256,
        "The most connections to each shared engine, and one more for its changes; never more than "
            + "workers."
    )
    .fixed()
    /// The setting `session.per-account`.
    package static let sessionPerAccount = number(
        "session.per-account",
        100,
        in: 1...10_000,
        "The most live sessions of one account; the least recently used one ends."
    )
    /// The setting `session.cache`.
    package static let sessionCache = size(
        "session.cache",
        "128M",
        in: 1 << 20...1 << 36,
        "The most memory for sessions, of which each takes some 140 bytes; others are read from"
            + " storage."
    )
    .fixed()
    /// The setting `password.minimum`.
    package static let passwordMinimum = number(
        "password.minimum",
        PasswordRules.defaultMinimumLength,
        in: 8...64,
        "The shortest password that is accepted, in characters (code points)."
    )
    /// The setting `password.memory`.
    package static let passwordMemory = number(
        "password.memory",
        19_456,
        in: 1024...1_048_576,
        "The memory that one Argon2id hash takes, in KiB (default: OWASP's recommendation)."
    )
    .fixed()
    /// The setting `password.passes`.
    package static let passwordPasses = number(
        "password.passes",
        2,
        in: 1...20,
        "The passes of one Argon2id hash over its memory."
    )
    .fixed()
    /// The setting `password.lanes`.
    package static let passwordLanes = number(
        "password.lanes",
        2,
        in: 1...64,
        "The threads that hash passwords: how many are hashed at the same time."
    )
    .fixed()
    /// The setting `password.queue`.
    package static let passwordQueue = number(
        "password.queue",
        8,
        in: 1...255,
        "The most passwords hashed or waiting; a login beyond it gets 503. A quarter more may come "
            + "from known devices and within sessions. One worker at least stays free of them all."
    )
    .fixed()
    /// The setting `throttle.account`.
    package static let throttleAccount = number(
        "throttle.account",
        10,
        in: 1...100,
        "The wrong passwords for one account that cost strangers no delay; the next waits 1 s, the "
            + "one after 2 s, and so on (NIST SP 800-63B-4 section 3.2.2: at most 100)."
    )
    /// The setting `throttle.device`.
    package static let throttleDevice = number(
        "throttle.device",
        10,
        in: 1...100,
        "The same for a device on which the owner has logged in before, which is counted by "
            + "itself (OWASP, device cookies), and for re-authentication within a session."
    )
    /// The setting `throttle.network`.
    package static let throttleNetwork = number(
        "throttle.network",
        100,
        in: 1...100_000,
        "The same for all tries from one IPv4 address or IPv6 /64, known devices aside; what an "
            + "office behind one address needs."
    )
    /// The setting `throttle.sign-up`.
    package static let throttleSignUp = number(
        "throttle.sign-up",
        100,
        in: 1...100_000,
        "The sign-ups from one such network that cost no delay."
    )
    /// The setting `throttle.capacity`.
    package static let throttleCapacity = number(
        "throttle.capacity",
        100_000,
        in: 1000...10_000_000,
        "The most counters that are kept in memory, some 300 bytes each; a fifth for each kind."
    )
    .fixed()
}

extension Setting where Value == Int64 {
    private static let lifetime: ClosedRange<Int64> = 1...34_560_000

    /// The setting `session.absolute`.
    package static let sessionAbsolute = duration(
        "session.absolute",
        "24h",
        in: lifetime,
        "How long a session lasts at most."
    )
    /// The setting `session.idle`.
    package static let sessionIdle = duration(
        "session.idle",
        "8h",
        in: lifetime,
        "How long a session lasts without being used."
    )
    /// The setting `session.remember-absolute`.
    package static let sessionRememberAbsolute = duration(
        "session.remember-absolute",
        "30d",
        in: lifetime,
        "How long a session lasts at most for people who asked to be remembered."
    )
    /// The setting `session.remember-idle`.
    package static let sessionRememberIdle = duration(
        "session.remember-idle",
        "14d",
        in: lifetime,
        "How long such a session lasts without being used."
    )
    /// The setting `session.sweep`.
    package static let sessionSweep = duration(
        "session.sweep",
        "1m",
        in: 1...86_400,
        "How often expired sessions are removed."
    )
    .fixed()
    /// The setting `session.fresh`.
    package static let sessionFresh = duration(
        "session.fresh",
        "15m",
        in: 10...86_400,
        "How long after the password was proved sensitive actions (devices, deleting, "
            + "administration) do not ask for it again."
    )
    /// The setting `password.link`.
    package static let passwordLink = duration(
        "password.link",
        "24h",
        in: 60...2_592_000,
        "How long a link to set a password works; it works once."
    )
    /// The setting `throttle.longest`.
    package static let throttleLongest = duration(
        "throttle.longest",
        "15m",
        in: 1...86_400,
        "The longest delay between two tries."
    )
    /// The setting `throttle.forget`.
    package static let throttleForget = duration(
        "throttle.forget",
        "24h",
        in: 60...31_536_000,
        "How long after its last try a counter is forgotten, or throttle.longest where that is more."
    )
    /// The setting `throttle.known-device`.
    package static let throttleKnownDevice = duration(
        "throttle.known-device",
        "180d",
        in: 86_400...34_560_000,
        "How long after its last login a device is known."
    )
    /// The setting `audit.keep`.
    package static let auditKeep = duration(
        "audit.keep",
        "90d",
        in: 3600...315_360_000,
        "How long lines of the audit trail, and the addresses in them, are kept."
    )
    .fixed()
    /// The setting `stop.deadline`.
    package static let stopDeadline = duration(
        "stop.deadline",
        "10s",
        in: 0...600,
        "How long requests in work may take after SIGTERM."
    )
    .fixed()
}

extension Setting where Value == Bool {
    /// The setting `site.sign-up`.
    package static let siteSignUp = flag(
        "site.sign-up",
        true,
        "Whether anybody may make an account. When it is false, administrators and the command "
            + "line make them."
    )
    /// The setting `cookie.secure`.
    package static let cookieSecure = flag(
        "cookie.secure",
        true,
        "Whether the cookie travels over https only. False is for trials on plain http."
    )
}

extension Setting where Value == [String] {
    /// The setting `next.hosts`.
    package static let nextHosts = list(
        "next.hosts",
        allowed:
            "a list of hosts such as app.example.org or app.example.org:8443, with http:// before "
            + "one that has no https",
        "The hosts beside this one to which a login may lead back."
    ) { host in
        let authority = host.hasPrefix("http://") ? String(host.dropFirst(7)) : host
        return !authority.isEmpty && authority.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            && !authority.contains { "/\\@?#*".contains($0) }
    }
}

extension Setting where Value == AccessPolicies {
    /// The setting `policies`.
    package static let policies = policies(
        "policies",
        "Who may pass where nginx asks with auth_request /_coatcheck/NAME: members of any of the "
            + "groups, and only so long after the password was proved."
    )
}

extension Setting where Value == LogFormat {
    /// The setting `log.format`.
    package static let logFormat = choice(
        "log.format",
        "logfmt",
        of: LogFormat.allCases.map { ("\($0)", $0) },
        "How lines of the log are written."
    )
}

extension Setting where Value == Severity {
    /// The setting `log.level`.
    package static let logLevel = choice(
        "log.level",
        "info",
        of: Severity.allCases.map { ("\($0)", $0) },
        "How much an event must matter to be logged."
    )
}

/// The settings as a whole.
package enum SettingTable {
    /// Every setting, in the order in which they are shown.
    package static let all: [any AnySetting] = [
        Setting.socketPath, Setting.socketMode, Setting.socketGroup, Setting.workers,
        Setting.storagePath, Setting.storageURL, Setting.storageConnections, Setting.sessionsURL,
        Setting.sessionsPrefix, Setting.siteURL, Setting.siteSignUp, Setting.cookieName,
        Setting.cookieDeviceName, Setting.cookieSecure, Setting.cookiePath, Setting.sessionAbsolute,
        Setting.sessionIdle,
        Setting.sessionRememberAbsolute, Setting.sessionRememberIdle, Setting.sessionPerAccount,
        Setting.sessionFresh, Setting.sessionCache, Setting.sessionSweep, Setting.policies,
        Setting.passwordMinimum, Setting.passwordMemory, Setting.passwordPasses,
        Setting.passwordLanes, Setting.passwordQueue, Setting.passwordLink,
        Setting.throttleAccount, Setting.throttleDevice, Setting.throttleNetwork,
        Setting.throttleSignUp, Setting.throttleLongest, Setting.throttleForget,
        Setting.throttleKnownDevice, Setting.throttleCapacity, Setting.nextHosts,
        Setting.auditKeep, Setting.logLevel, Setting.logFormat, Setting.stopDeadline,
    ]

    /// Whether a key is a setting that has settings within.
    package static func isMapping(_ key: String) -> Bool {
        all.contains { setting in
            guard setting.key == key, case .mapping = setting.standard else { return false }
            return true
        }
    }

    /// A settings file that holds the defaults, each with its explanation.
    package static var example: String {
        all.map { setting in
            """
            # \(setting.text)
            # \(setting.variable); \(setting.allowed).\(setting.restartNote)
            #\(setting.key): \(setting.standard.yaml)

            """
        }.joined(separator: "\n")
    }

    /// The settings as a table in Markdown.
    package static var markdown: String {
        "| key | default | allowed | what it is for |\n| --- | --- | --- | --- |\n"
            + all.map { setting in
                "| `\(setting.key)` | `\(setting.standard.yaml)` | \(setting.allowed) "
                    + "| \(setting.text)\(setting.restartNote) |\n"
            }.joined()
    }
}

extension AnySetting {
    /// What is added to the explanation of a setting that SIGHUP does not change.
    var restartNote: String { isReloadable ? "" : " Needs a restart." }
}

extension RawSetting {
    /// The value as YAML.
    package var yaml: String {
        switch self {
        case .scalar(let value): RawSetting.quoted(value)
        case .mapping(let members):
            "{"
                + members.sorted { $0.key < $1.key }
                .map { "\(RawSetting.quoted($0.key)): \($0.value.yaml)" }
                .joined(separator: ", ") + "}"
        case .list(let values): "[" + values.map(RawSetting.quoted).joined(separator: ", ") + "]"
        }
    }

    /// Quotes a text where YAML could read it as something else.
    ///
    /// In single quotes nothing has a meaning but the quote, which is doubled; it is looked for
    /// among code points, since a combining mark after it makes it another character to Swift.
    private static func quoted(_ value: String) -> String {
        let isPlain = value.utf8.enumerated().allSatisfy { index, byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
                || (index > 0 && "/._-".utf8.contains(byte)) || byte == UInt8(ascii: "/")
        }
        guard !isPlain || value.isEmpty else { return value }
        var text = String.UnicodeScalarView("'".unicodeScalars)
        for scalar in value.unicodeScalars {
            text.append(scalar)
            if scalar == "'" { text.append(scalar) }
        }
        return String(text) + "'"
    }
}
