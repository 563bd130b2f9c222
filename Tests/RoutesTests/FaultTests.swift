import HTTP
import Routes
import Telemetry
import TestStorage
import Testing

/// What people are told when storage fails or hashing is full: that, and nothing else.
@Suite struct FaultTests {
    /// A request, which call of storage fails under it, and during what.
    struct Fault: Sendable, CustomTestStringConvertible {
        let request: Request
        let call: FlakyStorage.Call
        let during: String

        var testDescription: String {
            "\(request.method.map(\.token) ?? "") \(request.path) \(call)"
        }
    }

    private static let faults: [Fault] = [
        Fault(request: .get("/me"), call: .findSession, during: "check"),
        Fault(request: .page("/account"), call: .findSession, during: "check"),
        Fault(request: .get("/account"), call: .findSession, during: "check"),
        Fault(request: .page("/login"), call: .findSession, during: "check"),
        Fault(request: .page("/signup"), call: .findSession, during: "check"),
        Fault(request: .form("/logout"), call: .removeSession, during: "end"),
        Fault(request: .plain(.delete, "/logout"), call: .removeSession, during: "end"),
        Fault(request: .json("/login", login), call: .credentials, during: "login"),
        Fault(request: .json("/login", login), call: .insertSession, during: "begin"),
        Fault(request: loginForm, call: .credentials, during: "login"),
        Fault(request: loginForm, call: .insertSession, during: "begin"),
        Fault(request: .json("/signup", signUp), call: .credentials, during: "signup"),
        Fault(request: .json("/signup", signUp), call: .insertAccount, during: "signup"),
        Fault(request: signUpForm, call: .insertAccount, during: "signup"),
    ]

    private static let login: JSON = ["username": "ada", "password": .password]
    private static let signUp: JSON = ["username": "grace", "password": .password]
    private static let loginForm = Request.form(
        "/login",
        ["username": "ada", "password": Counter.password]
    )
    private static let signUpForm = Request.form(
        "/signup",
        ["username": "grace", "password": Counter.password]
    )

    @Test(arguments: faults)
    func `storage that fails is 503 with its code, never "signed out" (promise 4)`(fault: Fault)
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        counter.storage.fail([fault.call])
        let request = fault.request.with { $0.cookie = Array(cookie.utf8) }
        let response = await counter.answer(request)
        #expect(response.status == 503)
        #expect(response.value(of: "Retry-After") == "5")
        #expect(response.values(of: "Set-Cookie").isEmpty)
        #expect(response.values(of: "Clear-Site-Data").isEmpty)
        if response.isPage {
            #expect(request.accept == browserAccept)
        } else {
            #expect(response.slug == "storage-unavailable")
            #expect(try response.json.text("code") == "io")
        }
        // What the log is told is not for visitors (ASVS 16.5.1).
        #expect(!response.holds("SQLITE"))
        #expect(
            counter.events.events.last
                == .storageFailed(code: "io", detail: "SQLITE_IOERR (10)", during: fault.during)
        )
        counter.storage.fail([])
        #expect(await counter.status(with: cookie) == 200)
    }

    @Test func `storage that fails at a check is neither 2xx nor 401 nor 403 (ASVS 16.5.3)`()
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        counter.storage.fail([.findSession])
        for policy in ["user", "admin", "nosuch", ""] {
            let response = await counter.check(policy, cookie: cookie)
            #expect(response.status == 503)
            #expect(!response.fieldNames.contains { $0.hasPrefix("X-Auth") })
        }
        #expect(counter.events.names.suffix(4).allSatisfy { $0 == "storage_failed" })
        counter.storage.fail([])
        #expect(await counter.check(cookie: cookie).status == 204)
    }

    @Test func `a login that failed in storage began no session that anybody holds`()
        async throws
    {
        let counter = try Counter()
        _ = try await counter.signUp()
        counter.storage.fail([.insertSession])
        _ = await counter.answer(Self.loginForm)
        counter.storage.fail([])
        #expect(try await counter.storage.storedSessions.count == 1)
    }

    @Test func `a sign-up is account and session, or neither`() async throws {
        let counter = try Counter()
        counter.storage.fail([.insertAccount])
        let program = await counter.answer(.json("/signup", Self.signUp))
        #expect(program.status == 503)
        #expect(try await counter.storage.accounts.isEmpty)
        counter.storage.fail([])
        #expect(await counter.answer(.json("/signup", Self.signUp)).status == 201)
        #expect(try await counter.storage.storedSessions.count == 1)
    }

    @Test(arguments: ["/login", "/signup", "/api/login", "/api/signup"], [true, false])
    func `when hashing is full a login and a sign-up get 503 at once`(path: String, isForm: Bool)
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        counter.stopHashing()
        let request: Request =
            isForm
            ? .form(path, ["username": "grace", "password": Counter.password], cookie: cookie)
            : .json(path, Self.signUp, cookie: cookie)
        let response = await counter.answer(request)
        #expect(response.status == 503)
        #expect(response.value(of: "Retry-After") == "1")
        if isForm, !path.hasPrefix("/api") {
            #expect(response.isPage && response.holds(#"value="grace""#))
        } else {
            #expect(response.slug == "busy")
        }
        #expect(counter.events.names.last == "authn_login_busy")
        // A check never waits for hashing (promise 5), and nobody lost a session.
        #expect(await counter.status(with: cookie) == 200)
        #expect(try await counter.storage.accounts.count == 1)
    }
}
