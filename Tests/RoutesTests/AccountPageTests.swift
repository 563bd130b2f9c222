import HTTP
import Routes
import TestStorage
import Testing

@Suite struct AccountPageTests {
    @Test(arguments: ["/me", "/api/me", "/account", "/api/account"])
    func `me answers exactly who I am and with which session`(path: String) async throws {
        let counter = try Counter()
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
        let signUp = await counter.answer(
            Request.json("/signup", ["username": "ada@example.org", "password": .password])
                .with { $0.userAgent = firefox }
        )
        let cookie = try signUp.cookie
        let id = try #require(try signUp.json.text("id"))
        counter.clock.advance(by: 90)
        let response = await counter.answer(.get(path, cookie: cookie))
        #expect(response.status == 200)
        let session = try #require(try response.json["session"]?.text("id"))
        #expect(session.utf8.count == 22 && session != id)
        #expect(
            response.text
                == #"{"id":"\#(id)","username":"ada@example.org","email":"ada@example.org","#
                + #""role":"user","groups":[],"session":{"id":"\#(session)","#
                + #""createdAt":"2026-01-31T12:00:00Z","lastSeenAt":"2026-01-31T12:01:30Z","#
                + #""expiresAt":"2026-02-01T12:00:00Z","#
                + #""idleExpiresAt":"2026-01-31T20:01:30Z","ip":"192.0.2.7","userAgent":"\#(firefox)","#
                + #""device":"Firefox on Linux","remembered":false,"current":true}}"#
        )
        #expect(response.fieldNames == ["Content-Type", "Cache-Control"])
    }

    @Test(arguments: ["/me", "/api/me", "/account", "/api/account"])
    func `without a session a program gets 401`(path: String) async throws {
        let response = await (try Counter()).answer(.get(path))
        #expect(response.status == 401)
        #expect(
            response.text
                == #"{"type":"urn:coatcheck:problem:authentication-required","#
                + #""title":"Authentication required","status":401,"error":"Please log in first."}"#
        )
    }

    @Test func `me is data: it answers a browser with the same JSON and the same 401`()
        async throws
    {
        let counter = try Counter()
        #expect(await counter.answer(.page("/me")).status == 401)
        #expect(await counter.answer(.page("/me")).isProblem)
        let cookie = try await counter.signUp()
        let program = await counter.answer(.get("/me", cookie: cookie))
        #expect(await counter.answer(.page("/me", cookie: cookie)) == program)
    }

    @Test func `without a session a person is led to the login and back`() async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        let refused = await counter.answer(.page("/account", query: "a=1&b=%26"))
        #expect(refused.status == 303)
        #expect(refused.location == "/login?next=%2Faccount%3Fa%3D1%26b%3D%2526")
        let query = "next=%2Faccount%3Fa%3D1%26b%3D%2526"
        let page = await counter.answer(.page("/login", query: query))
        #expect(page.holds(#"name="next" value="/account?a=1&amp;b=%26""#))
        let login = await counter.answer(
            .form(
                "/login",
                [
                    "username": "ada", "password": Counter.password,
                    "next": "/account?a=1&b=%26",
                ]
            )
        )
        #expect(login.location == "/account?a=1&b=%26")
    }

    @Test func `the account page shows who I am, this session and a way out (ASVS 7.4.4)`()
        async throws
    {
        let counter = try Counter()
        _ = try await counter.signUp("ada@example.org")
        try await counter.storage.change("ada@example.org") {
            $0.with(groups: ["admin", "editors"])
        }
        let cookie = try await counter.logIn("ada@example.org", remember: true)
        let response = await counter.answer(.page("/account", cookie: cookie))
        #expect(response.status == 200 && response.isPage)
        for shown in ["ada@example.org", "admin", "editors", "curl", "2026-03-02T12:00:00Z"] {
            #expect(response.holds(shown))
        }
        #expect(response.holds(#"action="/logout" method="post""#))
    }

    @Test(arguments: [true, false])
    func `the session of a shut account is shown to nobody, known to the cache or not`(
        isCached: Bool
    ) async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        if isCached { #expect(await counter.status(with: cookie) == 200) }
        try await counter.storage.change("ada") { $0.disabled }
        #expect(await counter.status(with: cookie) == 401)
        let page = await counter.answer(.page("/account", cookie: cookie))
        #expect(page.location == "/login?next=%2Faccount")
    }

    @Test(arguments: ["ok", "unavailable"])
    func `health says whether the program lives and whether it can work`(status: String)
        async throws
    {
        let counter = try Counter()
        counter.setReady(status == "ok")
        for request in [Request.get("/health/live"), .page("/health/live")] {
            let live = await counter.answer(request)
            #expect(live.status == 200 && live.text == #"{"status":"ok"}"#)
        }
        let ready = await counter.answer(.get("/health/ready"))
        #expect(ready.status == (status == "ok" ? 200 : 503))
        #expect(ready.text == #"{"status":"\#(status)"}"#)
    }

    @Test func `the metrics are text for Prometheus, to whoever nginx lets through`() async throws {
        let counter = try Counter()
        counter.storage.fail(Set(FlakyStorage.Call.allCases))
        for request in [Request.get("/metrics"), .page("/metrics")] {
            let response = await counter.answer(request)
            #expect(response.status == 200 && response.text == "coatcheck_up 1\n")
            let type = response.value(of: "Content-Type")
            #expect(type == "text/plain; version=0.0.4; charset=utf-8")
        }
    }

    @Test func `health and metrics have no use for a session or for storage`() async throws {
        let counter = try Counter()
        counter.storage.fail(Set(FlakyStorage.Call.allCases))
        let cookie = "__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        for path in ["/health/live", "/health/ready", "/metrics"] {
            #expect(await counter.answer(.get(path, cookie: cookie)).status == 200)
        }
        #expect(counter.events.events.isEmpty)
    }
}
