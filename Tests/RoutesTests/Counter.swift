import Accounts
import HTTP
import Routes
import Sessions
import Synchronization
import TestStorage
import Telemetry
import Testing

/// A whole site over storage in memory: what a request is answered by, and what a test can see
/// and move behind it.
///
/// Every answer that passes here is held to what all answers promise.
struct Counter {
    /// A password that the rules accept and that appears in no answer and no event.
    static let password = "plum gravel 47 lantern"

    let site: Site
    let storage: FlakyStorage
    let clock = TestClock()
    let events = EventRecorder()
    private let hasher: PasswordHasher
    private let readiness = Readiness()

    /// Opens a site.
    init(
        cookie: TicketCookie = TicketCookie(name: "session", path: nil, isSecure: true),
        policy: SessionPolicy = SessionPolicy(),
        returnHosts: [String] = [],
        passwordMinimum: Int = 8,
        throttle: ThrottlePolicy = ThrottlePolicy(account: 100),
        policies: AccessPolicies = AccessPolicies(),
        address: String = "",
        isSignUpOpen: Bool = true,
        audit: [AuditRecord] = []
    ) throws {
        storage = try FlakyStorage()
        hasher = PasswordHasher(
            cost: HashingCost(memoryKiB: 8, passes: 1),
            lanes: 1,
            capacity: 64
        )
        let clock = clock
        let now: @Sendable () -> Timestamp = { clock.now }
        let readiness = readiness
        let accounts = Accounts(
            storage: storage,
            hasher: hasher,
            rules: PasswordRules(minimumLength: passwordMinimum),
            throttle: LoginThrottle(policy: throttle, capacity: 1000),
            now: now
        )
        var choices = Site.Choices(
            cookie: cookie,
            deviceCookie: TicketCookie(name: "device", path: nil, isSecure: true)
        )
        choices.sessionPolicy = policy
        choices.returnHosts = returnHosts
        choices.passwordMinimum = passwordMinimum
        choices.policies = policies
        choices.address = address
        choices.isSignUpOpen = isSignUpOpen
        let storage = storage
        site = try Site(
            accounts: accounts,
            sessions: SessionStore(storage: storage, cacheBytes: 1 << 20),
            choices: choices,
            now: now,
            record: events.record,
            surroundings: Site.Surroundings(
                isReady: { readiness.isReady.load(ordering: .sequentiallyConsistent) },
                metrics: { "coatcheck_up 1\n" },
                audit: { _ throws(StorageError) in
                    guard readiness.isReady.load(ordering: .sequentiallyConsistent) else {
                        throw FlakyStorage.failure
                    }
                    return audit
                }
            )
        )
    }

    /// Answers a request and checks what every answer promises.
    func answer(
        _ request: Request,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async -> Response {
        let response = await site.answer(request).response
        expectPromises(of: response, to: request, sourceLocation: sourceLocation)
        return response
    }

    /// How many passwords have been hashed or verified.
    var hashCount: Int { hasher.finishedCount }

    /// Makes hashing refuse every password from now on, as a full queue does.
    func stopHashing() {
        hasher.stop()
    }

    /// Decides what the readiness check finds, and whether the audit trail can be read.
    func setReady(_ isReady: Bool) {
        readiness.isReady.store(isReady, ordering: .sequentiallyConsistent)
    }

    /// Signs somebody up and returns the cookie as a browser would send it back.
    func signUp(_ name: String = "ada", at mount: String = "") async throws -> String {
        var request = Request.json("/signup", ["username": JSON(name), "password": .password])
        request.mount = mount
        let response = await answer(request)
        try #require(response.status == 201)
        return try response.cookie
    }

    /// Logs somebody in and returns the cookie as a browser would send it back.
    func logIn(_ name: String = "ada", remember: Bool = false) async throws -> String {
        let response = await answer(
            .json(
                "/login",
                ["username": JSON(name), "password": .password, "remember": .bool(remember)]
            )
        )
        try #require(response.status == 200)
        return try response.cookie
    }

    /// The status of `GET /me` with a cookie.
    func status(with cookie: String) async -> Int {
        await answer(.get("/me", cookie: cookie)).status
    }

    /// Asks what nginx asks before it serves a guarded place.
    func check(_ policy: String = "user", cookie: String, mount: String = "") async -> Response {
        let question = CheckQuestion(
            policy: Array(policy.utf8).span,
            cookies: Array(cookie.utf8).span,
            isMountedAtRoot: mount.isEmpty,
            of: site
        )
        return if let response = site.answerAtOnce(question) { response } else {
            await site.answerFromStorage(question)
        }
    }
}

/// Whether storage says that it can be used.
private final class Readiness: Sendable {
    let isReady = Atomic(true)
}

extension JSON {
    /// The password of everybody in the tests.
    static var password: JSON { .string(Counter.password) }
}
