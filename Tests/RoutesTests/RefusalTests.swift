import HTTP
import Routes
import Testing

/// What visitors of a guarded place are told that nginx refused.
@Suite struct RefusalTests {
    private func site() throws -> Site { try Counter().site }

    @Test(
        arguments: [
            ("/dashboard", "%2Fdashboard"),
            ("/dashboard?a=1&b=2", "%2Fdashboard%3Fa%3D1%26b%3D2"),
            ("/a?b=c%26d+e", "%2Fa%3Fb%3Dc%2526d%2Be"), ("/a?next=%2Fb", "%2Fa%3Fnext%3D%252Fb"),
            ("/%C3%A4", "%2F%25C3%25A4"), ("/a;b='\"<>", "%2Fa%3Bb%3D%27%22%3C%3E"),
        ]
    )
    func `a person is sent to the login with the whole URL encoded in next`(
        uri: String,
        next: String
    ) throws {
        for mount in ["", "/auth"] {
            let response = try site().answerUnauthenticated(
                Request.page("/").with {
                    $0.requestURI = uri
                    $0.mount = mount
                }
            )
            #expect(response.status == 303)
            #expect(response.location == "\(mount)/login?next=\(next)")
            #expect(response.fieldNames == ["Location", "Cache-Control"])
            #expect(response.value(of: "Cache-Control") == "no-store")
        }
    }

    @Test(arguments: ["//evil.example/", "", "/\\evil", "/ä", "/a/..//evil", "/a b", "/\r\nX: y"])
    func `a URL that could lead away is left out`(uri: String) throws {
        let response = try site().answerUnauthenticated(
            Request.page("/").with { $0.requestURI = uri }
        )
        #expect(response.status == 303 && response.location == "/login")
    }

    @Test func `the longest URL is kept and a longer one is left out`() throws {
        let longest = "/" + String(repeating: "%", count: 2047)
        let kept = try site().answerUnauthenticated(
            Request.page("/").with { $0.requestURI = longest }
        )
        #expect(kept.location == "/login?next=%2F" + String(repeating: "%25", count: 2047))
        let longer = try site().answerUnauthenticated(
            Request.page("/").with { $0.requestURI = longest + "%" }
        )
        #expect(longer.location == "/login")
    }

    /// Requests that no person made by following a link or posting a form.
    private static let background: [Request] = [
        .get("/dashboard"), Request.get("/dashboard").with { $0.accept = "*/*" },
        Request.get("/dashboard").with { $0.accept = "application/json" },
        Request.page("/dashboard").with { $0.secFetchMode = "cors" },
        Request.page("/dashboard").with { $0.secFetchMode = "no-cors" },
        Request.page("/dashboard").with { $0.secFetchDest = "image" },
        Request.page("/dashboard").with { $0.secFetchDest = "script" },
        Request.page("/dashboard").with { $0.method = .put },
        Request.page("/dashboard").with { $0.method = .delete },
        Request.page("/dashboard").with { $0.method = nil },
        Request.get("/dashboard").with {
            $0.accept = browserAccept
            $0.requestedWith = "XMLHttpRequest"
        },
    ]

    @Test(arguments: background)
    func `a background request gets 401 and JSON, not the HTML of a login`(request: Request)
        throws
    {
        let response = try site().answerUnauthenticated(request)
        #expect(response.status == 401)
        #expect(response.slug == "authentication-required")
        #expect(response.fieldNames == ["Content-Type", "Cache-Control"])
        let forbidden = try site().answerForbidden(request, reason: "group admin")
        #expect(forbidden.status == 403)
        #expect(forbidden.slug == "forbidden")
        #expect(forbidden.holds("admin"))
        #expect(forbidden.value(of: "Cache-Control") == "no-store")
    }

    @Test(arguments: [Request.page("/dashboard"), .form("/dashboard")])
    func `following a link and posting a form are navigations`(request: Request) throws {
        #expect(try site().answerUnauthenticated(request).status == 303)
        let forbidden = try site().answerForbidden(request, reason: "group editors,staff")
        #expect(forbidden.status == 403 && forbidden.isPage)
        #expect(forbidden.holds("editors, staff"))
        #expect(forbidden.value(of: "Cache-Control") == "no-store")
    }

    @Test(arguments: ["", "unknown-policy", "no-session", "groupadmin", "GROUP admin"])
    func `a reason that names no group is not repeated`(reason: String) throws {
        for request in [Request.page("/dashboard"), .get("/dashboard")] {
            let response = try site().answerForbidden(request, reason: reason)
            #expect(response.status == 403)
            #expect(reason.isEmpty || !response.holds(reason))
            #expect(!response.holds("group"))
        }
    }
}
