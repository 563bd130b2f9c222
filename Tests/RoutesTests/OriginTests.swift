import HTTP
import Routes
import Telemetry
import TestStorage
import Testing

/// Whoever changes something comes from our own pages (ASVS 3.5.1, CS-CSRF).
@Suite struct OriginTests {
    /// `Sec-Fetch-Site`, `Origin`, and whether the request passes.
    private static let senders: [(site: String?, origin: String?, passes: Bool)] = [
        ("same-origin", nil, true), ("none", nil, true), ("same-origin", "null", true),
        (nil, nil, true), (nil, "https://site.example", true), (nil, "https://SITE.example", true),
        (nil, "https://site.example:443", true), ("cross-site", nil, false),
        ("same-site", nil, false), ("cross-site", "https://site.example", false),
        ("", "https://evil.example", false), ("Same-Origin", nil, false), ("x", nil, false),
        (nil, "https://evil.example", false), (nil, "http://site.example", false),
        (nil, "https://site.example:8443", false), (nil, "null", false),
        (nil, "https://site.example.evil.example", false), (nil, "site.example", false),
        (nil, "https://site.example/", false), (nil, "https://a@site.example", false),
        (nil, "https://site.example https://evil.example", false),
    ]

    /// Everything that changes something, as `ada` with her cookie.
    private static func changes(_ cookie: String) -> [Request] {
        let fields: KeyValuePairs = ["username": "ada", "password": Counter.password]
        let other: KeyValuePairs = ["username": "grace", "password": Counter.password]
        let body: JSON = ["username": "ada", "password": .password]
        return [
            .form("/login", fields, cookie: cookie), .json("/login", body, cookie: cookie),
            .json("/api/login", body, cookie: cookie), .form("/signup", other, cookie: cookie),
            .form("/register", other, cookie: cookie), .form("/logout", cookie: cookie),
            .plain(.delete, "/logout", cookie: cookie),
            .plain(.delete, "/api/logout", cookie: cookie),
        ]
    }

    @Test(arguments: senders, 0..<8)
    func `a request from another site is 403, changes nothing and is an event (ASVS 3.5.2)`(
        sender: (site: String?, origin: String?, passes: Bool),
        index: Int
    ) async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let work = counter.hashCount
        let request = Self.changes(cookie)[index].with {
            $0.secFetchSite = sender.site == "" ? nil : sender.site
            $0.origin = sender.origin
        }
        let response = await counter.answer(request)
        if sender.passes {
            #expect([200, 204, 303].contains(response.status))
            return
        }
        #expect(response.status == 403)
        #expect(response.isPage || response.slug == "cross-origin")
        #expect(response.isPage == (request.contentType == "application/x-www-form-urlencoded"))
        #expect(counter.hashCount == work)
        #expect(try await counter.storage.accounts.count == 1)
        #expect(try await counter.storage.storedSessions.count == 1)
        #expect(await counter.status(with: cookie) == 200)
        let path = request.path.hasPrefix("/api") ? request.path.dropFirst(4) : request.path[...]
        let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")
        #expect(
            counter.events.events.last == .crossOriginRefused(path: String(path), from: origin)
        )
    }

    @Test func `the origin is judged before the body is`() async throws {
        let counter = try Counter()
        let request = Request.form("/login").with {
            $0.secFetchSite = "cross-site"
            $0.body = .tooLarge
        }
        #expect(await counter.answer(request).status == 403)
    }

    @Test(arguments: ["/login", "/signup", "/account", "/health/live"])
    func `links from other sites are followed, since they change nothing`(path: String)
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        for method in [Method.get, .head] {
            let request = Request.page(path, cookie: cookie).with {
                $0.method = method
                $0.secFetchSite = "cross-site"
                $0.origin = "https://evil.example"
            }
            #expect(await counter.answer(request).status < 400)
        }
        #expect(await counter.status(with: cookie) == 200)
    }
}
