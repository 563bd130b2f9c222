import HTTP
import Routes
import Testing

/// Where a login leads (ASVS 3.7.2).
@Suite struct ReturnTests {
    private static let hosts = ["app.example.org", "wiki.example.org:8443"]

    private static let allowed = [
        "/", "/a", "/dashboard?a=1&b=2", "/a?b=//c", "/a#b", "/%2f/evil", "/a?next=%2Flogin",
        "https://app.example.org", "https://app.example.org/x?y=1#z", "https://APP.example.org/x",
        "https://wiki.example.org:8443/",
    ]

    private static let refused = [
        "", "a", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "/a\\b", "https://evil.example", "https://evil.example/app.example.org", "http:evil",
        "https:/evil.example", "https:///evil.example", "http://app.example.org/",
        "https://app.example.org.evil.example/", "https://app.example.org@evil.example/",
        "https://app.example.org:8443/", "https://wiki.example.org/", "javascript:alert(1)",
        "data:text/html,x", "/\tevil", "/\r\nSet-Cookie: a=b", "/\u{1}", " /a", "/a b", "/ä",
        "/.//evil.example", "/a/..//evil.example", "/%2e%2e//evil.example", "ftp://x/",
        "https://app.example.org\\.evil.example/", "/" + String(repeating: "a", count: 2048),
    ]

    /// Logs in by the form with a `next` in its body, in its query, or in neither.
    private func destination(
        _ counter: Counter,
        body: String? = nil,
        query: String = ""
    ) async throws -> String? {
        var fields = "username=ada&password=\(Percent.encodeQueryValue(Counter.password))"
        if let body { fields += "&next=\(Percent.encodeQueryValue(body))" }
        let response = await counter.answer(
            Request.rawForm("/login", fields).with { $0.query = query }
        )
        #expect(response.sessionCookie != nil)
        guard response.status != 303 else { return response.location }
        // A host beside this one: a page that goes on by itself (Beginning.swift says why).
        try #require(response.status == 200 && response.isPage)
        let page = String(decoding: response.body, as: UTF8.self)
        let link = try #require(page.firstMatch(of: #/href="(https[^"]*)">Go on/#)).1
        #expect(page.contains(#"http-equiv="refresh" content="0; url=\#(link)""#))
        return String(link).replacing("&amp;", with: "&")
    }

    @Test func `a login leads to next where that is allowed`() async throws {
        let counter = try Counter(returnHosts: Self.hosts)
        _ = try await counter.signUp()
        for next in Self.allowed {
            #expect(try await destination(counter, body: next) == next)
            let query = "next=" + Percent.encodeQueryValue(next)
            #expect(try await destination(counter, query: query) == next)
        }
    }

    @Test func `a login leads to the account page where next is not allowed`() async throws {
        let counter = try Counter(returnHosts: Self.hosts)
        _ = try await counter.signUp()
        for next in Self.refused {
            #expect(try await destination(counter, body: next) == "/account", "\(next)")
            let query = "next=" + Percent.encodeQueryValue(next)
            #expect(try await destination(counter, query: query) == "/account", "\(next)")
        }
    }

    @Test func `without an allow-list no host is allowed, our own neither`() async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        for next in ["https://app.example.org/", "https://site.example/", "//site.example/"] {
            #expect(try await destination(counter, body: next) == "/account")
        }
    }

    @Test func `a next that stands in the query twice or broken leads to the account page`()
        async throws
    {
        let counter = try Counter()
        _ = try await counter.signUp()
        for query in ["next=/a&next=/b", "next=%2", "next=%FF", "next", "next="] {
            #expect(try await destination(counter, query: query) == "/account")
        }
    }

    @Test func `next in the form goes before next in the query`() async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        #expect(try await destination(counter, body: "/a", query: "next=/b") == "/a")
        #expect(try await destination(counter, body: "//evil", query: "next=/b") == "/account")
    }

    @Test func `sign-up follows the same rules`() async throws {
        let counter = try Counter(returnHosts: Self.hosts)
        let cases = [
            ("/a?b=1", "/a?b=1"), ("//evil", "/account"), ("https://app.example.org/", nil),
        ]
        for (index, (next, location)) in cases.enumerated() {
            let response = await counter.answer(
                .form(
                    "/signup",
                    ["username": "ada\(index)", "password": Counter.password, "next": next]
                )
            )
            #expect(response.location == location)
            #expect(response.status == (location == nil ? 200 : 303))
            #expect(response.holds("0; url=\(next)") == (location == nil))
        }
    }

    @Test func `next has no say in the answers to programs`() async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        let response = await counter.answer(
            .json("/login", ["username": "ada", "password": .password, "next": "/a"])
        )
        #expect(response.status == 200 && response.location == nil)
    }
}
