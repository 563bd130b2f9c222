import HTTP
import Routes
import Sessions
import Telemetry
import Testing

/// What becomes of tickets: only those that we gave are taken, and each only while it lives.
@Suite struct TicketTests {
    private static let unknown = "__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    private static let login: JSON = ["username": "ada", "password": .password]
    private static let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")

    @Test func `an unknown ticket is never adopted (CS-Session, session fixation)`()
        async throws
    {
        let counter = try Counter()
        _ = try await counter.signUp()
        #expect(await counter.status(with: Self.unknown) == 401)
        let login = await counter.answer(.json("/login", Self.login, cookie: Self.unknown))
        #expect(login.status == 200)
        #expect(try login.cookie != Self.unknown)
        #expect(await counter.status(with: Self.unknown) == 401)
        let fields: JSON = ["username": "grace", "password": .password]
        let signUp = await counter.answer(.json("/signup", fields, cookie: Self.unknown))
        #expect(try signUp.cookie != Self.unknown)
        #expect(await counter.status(with: Self.unknown) == 401)
    }

    @Test(arguments: ["/login", "/signup"])
    func `a login gives a new ticket and the old one is dead, whoever's it was (ASVS 7.2.4)`(
        path: String
    ) async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        for name in ["ada", "mallory"] {
            let old = name == "ada" ? try await counter.logIn() : try await counter.signUp(name)
            #expect(await counter.status(with: old) == 200)
            let user = path == "/login" ? "ada" : "new-\(name)"
            let response = await counter.answer(
                .json(path, ["username": .string(user), "password": .password], cookie: old)
            )
            let new = try response.cookie
            #expect(new != old)
            #expect(await counter.status(with: old) == 401)
            #expect(await counter.check(cookie: old).status == 401)
            #expect(await counter.status(with: new) == 200)
        }
    }

    @Test func `a login that fails leaves the session as it was`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let wrong: JSON = ["username": "ada", "password": "never the right one 81"]
        #expect(await counter.answer(.json("/login", wrong, cookie: cookie)).status == 401)
        #expect(await counter.status(with: cookie) == 200)
    }

    @Test func `two cookies of our name are none, and an event`() async throws {
        let counter = try Counter()
        let mine = try await counter.signUp()
        let planted = try await counter.signUp("mallory")
        for cookie in ["\(mine); \(planted)", "\(planted); \(mine)", "\(mine);\(mine)"] {
            #expect(await counter.status(with: cookie) == 401)
            #expect(
                counter.events.events.last
                    == .suspiciousCookie(reason: .repeated, from: Self.origin)
            )
            #expect(await counter.check(cookie: cookie).status == 401)
            let page = await counter.answer(.page("/account", cookie: cookie))
            #expect(page.status == 303)
        }
        #expect(await counter.status(with: mine) == 200)
        #expect(await counter.status(with: "a=b; \(mine); c=\"d\"; e") == 200)
    }

    @Test func `two cookies at a login or a sign-up are an event too`() async throws {
        let counter = try Counter()
        let mine = try await counter.signUp()
        let cookie = "\(mine); \(Self.unknown)"
        let grace: JSON = ["username": "grace", "password": .password]
        for (path, body) in [("/login", Self.login), ("/signup", grace)] {
            let before = counter.events.events.count
            let response = await counter.answer(.json(path, body, cookie: cookie))
            #expect(response.status < 300)
            let names = counter.events.names.dropFirst(before)
            #expect(names.count { $0 == "suspicious_cookie" } == 1)
        }
    }

    @Test(
        arguments: [
            String(repeating: "A", count: 42), String(repeating: "A", count: 44), "A",
            String(repeating: "A", count: 42) + "+", String(repeating: "A", count: 42) + "/",
            String(repeating: "A", count: 42) + "=", String(repeating: "A", count: 42) + "B",
            "\"" + String(repeating: "A", count: 43) + "\"", String(repeating: "=", count: 43),
            String(repeating: "ä", count: 43), String(repeating: "A", count: 4096), "' OR 1=1 --",
        ]
    )
    func `a cookie that is no ticket is no session, and an event (CS-Session)`(value: String)
        async throws
    {
        let counter = try Counter()
        let response = await counter.answer(.get("/me", cookie: "__Host-session=\(value)"))
        #expect(response.status == 401)
        #expect(
            counter.events.events == [.suspiciousCookie(reason: .malformed, from: Self.origin)]
        )
        #expect(await counter.check(cookie: "__Host-session=\(value)").status == 401)
        #expect(counter.events.names == ["suspicious_cookie", "suspicious_cookie"])
    }

    @Test(arguments: [
        "", "__Host-session=", "__Host-session", "a=b", ";;;", "=", "__Host-sessionx=1",
    ])
    func `no cookie or an empty one is no session, and no event`(cookie: String) async throws {
        let counter = try Counter()
        #expect(await counter.status(with: cookie) == 401)
        #expect(await counter.check(cookie: cookie).status == 401)
        #expect(counter.events.events.isEmpty)
    }

    @Test(
        arguments: [
            "session", "__Secure-session", "__host-session", "__HOST-session", "__Host-Session",
            "__Http-session", " __Host-sessio", "__Host-Http-session",
        ]
    )
    func `only the exact name is ours`(name: String) async throws {
        let counter = try Counter()
        let ticket = try await counter.signUp().dropFirst("__Host-session=".count)
        #expect(await counter.status(with: "\(name)=\(ticket)") == 401)
        #expect(await counter.status(with: "\(name)=\(ticket); __Host-session=\(ticket)") == 200)
    }

    @Test func `a session ends with its absolute limit, however much it is used (ASVS 7.3.2)`()
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        for _ in 0..<23 {
            counter.clock.advance(by: 3600)
            #expect(await counter.status(with: cookie) == 200)
        }
        counter.clock.advance(by: 3599)
        #expect(await counter.check(cookie: cookie).status == 204)
        counter.clock.advance(by: 1)
        #expect(await counter.check(cookie: cookie).status == 401)
        #expect(await counter.status(with: cookie) == 401)
        // Refused at the first access, and gone: it does not come back with the clock.
        counter.clock.advance(by: -3600)
        #expect(await counter.status(with: cookie) == 401)
    }
}
