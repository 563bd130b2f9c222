import Accounts
import Glibc
import HTTP
import Routes
import Sessions
import Synchronization
import Telemetry
import TestStorage

/// A site over storage in memory with two people, each of whom has a session.
final class SiteScene: Sendable {
    /// Somebody with a session.
    struct Person: Sendable {
        let ticket: String
        let id: String
    }

    private static let kept = Mutex<SiteScene?>(nil)

    let site: Site
    let events = EventLines()
    /// In the group `admin`.
    let root: Person
    let ada: Person

    /// The live tickets.
    var tickets: [String] { [root.ticket, ada.ticket] }

    /// The scene that was used before, or a new one.
    static func current() async throws -> SiteScene {
        if let scene = kept.withLock({ $0 }) { return scene }
        _ = endsWithProcess
        let scene = try await SiteScene()
        kept.withLock { $0 = scene }
        return scene
    }

    /// The files of the last scene are removed when the process ends.
    private static let endsWithProcess: Bool =
        atexit { SiteScene.kept.withLock { $0 = nil } } == 0

    /// Has the next input begin with a new scene, unless both people still have what they had.
    func endUnlessWhole() async {
        let isRootWell = await opens("admin", root.ticket)
        let isAdaWell = await opens("user", ada.ticket)
        if !isRootWell || !isAdaWell { SiteScene.kept.withLock { $0 = nil } }
    }

    private func opens(_ policy: String, _ ticket: String) async -> Bool {
        let question = CheckQuestion(
            policy: Array(policy.utf8).span,
            cookies: Array("__Host-session=\(ticket)".utf8).span,
            isMountedAtRoot: true,
            of: site
        )
        if let answer = site.answerAtOnce(question) { return answer.status == 204 }
        return await site.answerFromStorage(question).status == 204
    }

    private init() async throws {
        let storage = try FlakyStorage()
        let events = events
        let now: @Sendable () -> Timestamp = { Timestamp(seconds: 1_769_860_800) }
        let many = 1 << 40
        var choices = Site.Choices(
            cookie: TicketCookie(name: "session", path: "/", isSecure: true),
            deviceCookie: TicketCookie(name: "device", path: "/", isSecure: true)
        )
        choices.returnHosts = ["app.example.com"]
        let site = try Site(
            accounts: Accounts(
                storage: storage,
                hasher: PasswordHasher(
                    cost: HashingCost(memoryKiB: 8, passes: 1),
                    lanes: 1,
                    capacity: 8
                ),
                rules: PasswordRules(),
                throttle: LoginThrottle(
                    policy: ThrottlePolicy(
                        account: many,
                        device: many,
                        network: many,
                        signUp: many
                    ),
                    capacity: 1000
                ),
                now: now
            ),
            sessions: SessionStore(storage: storage, cacheBytes: 1 << 20),
            choices: choices,
            now: now,
            record: { events.add($0) },
            surroundings: Site.Surroundings(
                isReady: { true },
                metrics: { "coatcheck_up 1\n" },
                audit: { _ throws(StorageError) in [] }
            )
        )
        self.site = site
        for name in ["root", "ada"] { _ = try await SiteScene.session("/signup", name, site) }
        try await storage.change("root") { user in
            User(
                id: user.id,
                username: user.username,
                email: user.email,
                groups: ["admin"],
                isDisabled: false,
                createdAt: user.createdAt
            )
        }
        let users = try await storage.accounts
        func person(_ name: String) async throws -> Person {
            Person(
                ticket: try await SiteScene.session("/login", name, site),
                id: users.first { $0.username == name }?.id.text ?? ""
            )
        }
        root = try await person("root")
        ada = try await person("ada")
        _ = events.take()
    }

    /// Signs up or logs in, and returns the ticket.
    private static func session(_ path: String, _ name: String, _ site: Site) async throws -> String
    {
        let fields: JSON = ["username": .string(name), "password": "plum gravel 47 lantern"]
        let request = Request(
            method: .post,
            path: path,
            requestURI: path,
            host: "site.example",
            remoteAddress: "192.0.2.7",
            contentType: "application/json",
            body: .bytes(fields.serialized())
        )
        let response = await site.answer(request).response
        let start = "__Host-session="
        let cookie = response.values(of: "Set-Cookie").first { $0.hasPrefix(start) }
        guard let cookie else { throw BrokenPromise(description: "\(path): \(response.status)") }
        return String(cookie.dropFirst(start.count).prefix { $0 != ";" })
    }
}

/// The lines that events make in the log.
final class EventLines: Sendable {
    private let lines = Mutex<[String]>([])

    /// Notes an event.
    func add(_ event: Event) {
        lines.withLock { $0.append(EventLog.line(event, at: 0, hasPriority: false)) }
    }

    /// The lines since the last call.
    func take() -> [String] {
        lines.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }
}
