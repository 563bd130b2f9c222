import HTTP
import Testing

@Suite struct OriginCheckTests {
    private func allows(
        _ method: Method? = .post,
        site: String? = nil,
        origin: String? = nil,
        host: String = "example.com",
        isSecure: Bool = true
    ) -> Bool {
        OriginCheck.allows(
            Request(
                method: method,
                path: "/login",
                host: host,
                isSecure: isSecure,
                origin: origin,
                secFetchSite: site
            )
        )
    }

    @Test(arguments: [
        ("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false),
        ("Same-Origin", false), ("same-origin ", false), ("same-origin, cross-site", false),
        ("NONE", false), ("null", false), ("x", false),
    ])
    func `ASVS 3.5.1: Sec-Fetch-Site is same-origin or none, exactly`(site: String, expected: Bool)
    {
        #expect(allows(site: site) == expected)
        // It decides alone: a matching Origin does not lift it.
        #expect(allows(site: site, origin: "https://example.com") == expected)
    }

    @Test(arguments: [
        ("https://example.com", "example.com", true),
        ("https://example.com:443", "example.com", true),
        ("https://example.com", "example.com:443", true),
        ("https://EXAMPLE.com", "Example.COM", true),
        ("https://example.com:8443", "example.com:8443", true),
        ("https://example.com:08443", "example.com:8443", true),
        ("https://[::1]:8443", "[::1]:8443", true), ("https://[::1]", "[::1]:443", true),
        ("https://localhost", "localhost", true),
        ("null", "example.com", false), ("http://example.com", "example.com", false),
        ("https://example.com", "example.com:8443", false),
        ("https://example.com:8443", "example.com", false),
        ("https://evil.com", "example.com", false),
        ("https://sub.example.com", "example.com", false),
        ("https://example.com.evil.com", "example.com", false),
        ("https://example.comx", "example.com", false),
        ("https://example.com.", "example.com", false),
        ("https://example.com/", "example.com", false),
        ("https://example.com/x", "example.com", false),
        ("https://user@example.com", "example.com", false),
        ("HTTPS://example.com", "example.com", false),
        ("example.com", "example.com", false), ("//example.com", "example.com", false),
        ("https://", "example.com", false), ("https://:443", "example.com", false),
        ("https://example.com:", "example.com", false),
        ("https://example.com:0", "example.com", false),
        ("https://example.com:65536", "example.com", false),
        ("https://example.com:443x", "example.com", false),
        ("https://example.com https://evil.com", "example.com", false),
        ("https://example.com, https://evil.com", "example.com", false),
        ("https://example.com\r\n", "example.com", false),
        ("https://exämple.com", "exämple.com", false),
        ("https://[]", "[]", false), ("https://[::1", "[::1", false), ("https://", "", false),
        ("https://\u{212A}", "k", false),
    ])
    func `CS-CSRF: without it Origin must be our scheme, host and port`(
        origin: String,
        host: String,
        expected: Bool
    ) {
        #expect(allows(origin: origin, host: host) == expected)
    }

    @Test func `CS-CSRF: the scheme of the connection counts over plain http too`() {
        #expect(allows(origin: "http://localhost:80", host: "localhost", isSecure: false))
        #expect(!allows(origin: "https://localhost", host: "localhost", isSecure: false))
    }

    @Test(arguments: [Method.post, .put, .patch, .delete, nil])
    func `a client without both headers is no browser and passes`(method: Method?) {
        #expect(allows(method))
        #expect(!allows(method, site: "cross-site"))
        #expect(!allows(method, origin: "https://evil.com"))
    }

    @Test(arguments: [Method.get, .head, .options])
    func `ASVS 3.5.3: a safe method passes from everywhere`(method: Method) {
        #expect(allows(method, site: "cross-site", origin: "https://evil.com"))
    }
}
