import HTTP
import Routes
import Testing

@Suite struct RoutingTests {
    /// Every path and the methods it knows; HEAD comes with GET.
    private static let routes: [(path: String, methods: Set<Method>)] = [
        ("/", [.get]), ("/signup", [.get, .post]), ("/register", [.get, .post]),
        ("/login", [.get, .post]), ("/logout", [.post, .delete]), ("/me", [.get]),
        ("/account", [.get, .delete]), ("/sessions", [.get, .delete]), ("/password", [.post]),
        ("/users", [.get, .post]), ("/metrics", [.get]), ("/health/live", [.get]),
        ("/health/ready", [.get]),
        ("/api/signup", [.post]), ("/api/register", [.post]), ("/api/login", [.post]),
        ("/api/logout", [.post, .delete]), ("/api/me", [.get]), ("/api/account", [.get, .delete]),
        ("/api/health/live", [.get]), ("/api/health/ready", [.get]),
    ]

    /// Every method, and `nil` for one that nobody knows.
    private static let methods: [Method?] = Method.allCases + [nil]

    @Test(arguments: routes, methods)
    func `a path answers its methods and 405 with exactly these in Allow (ASVS 4.1.4)`(
        route: (path: String, methods: Set<Method>),
        method: Method?
    ) async throws {
        let counter = try Counter()
        let known = route.methods.union(route.methods.contains(.get) ? [.head] : [])
        let response = await counter.answer(.plain(method, route.path))
        if let method, known.contains(method) {
            #expect(response.status != 405 && response.status != 404)
        } else {
            #expect(response.status == 405)
            let allowed = response.value(of: "Allow")?.split(separator: ", ").map { String($0) }
            #expect(allowed?.sorted() == known.map(\.token).sorted())
        }
    }

    @Test(
        arguments: [
            "", "/api", "/api/", "/Login", "/LOGIN", "/login/", "/login/x", "/loginx", "/me/",
            "//login", "/api/api/login", "/api//login", "/API/login", "/api/admin", "/users/",
            "/login\u{301}",
            "/static/style.css", "/health", "/_coatcheck/user",
        ],
        [Method.get, .post, .options, nil]
    )
    func `a path that no route has is 404, whatever the method`(
        path: String,
        method: Method?
    ) async throws {
        let response = await (try Counter()).answer(.plain(method, path))
        #expect(response.status == 404)
        #expect(response.slug == "not-found")
        #expect(response.value(of: "Allow") == nil)
    }

    @Test func `an unknown method is answered before the origin and the body are judged`()
        async throws
    {
        let counter = try Counter()
        let request = Request.plain(nil, "/login").with {
            $0.secFetchSite = "cross-site"
            $0.body = .tooLarge
        }
        #expect(await counter.answer(request).status == 405)
        #expect(await counter.answer(request.with { $0.path = "/x" }).status == 404)
        #expect(counter.events.events.isEmpty)
    }

    @Test(arguments: ["/", "/signup", "/login", "/account", "/me", "/health/live", "/nothing"])
    func `HEAD has the status and the fields of GET and no body`(path: String) async throws {
        let counter = try Counter()
        for cookie in ["", try await counter.signUp()] {
            let get = Request.page(path, cookie: cookie)
            let full = await counter.answer(get)
            let head = await counter.answer(get.with { $0.method = .head })
            #expect(head.status == full.status)
            #expect(head.fields == full.fields)
            #expect(head.body.isEmpty)
        }
    }

    @Test(arguments: [browserAccept, "*/*", nil])
    func `under /api the answer is JSON whatever is accepted`(accept: String?) async throws {
        let counter = try Counter()
        for path in ["/api/me", "/api/account", "/api/nothing", "/api/logout"] {
            let response = await counter.answer(Request.get(path).with { $0.accept = accept })
            #expect(response.isProblem)
        }
        let request = Request.form("/api/signup", ["username": "ada", "password": "x"])
        #expect(await counter.answer(request.with { $0.accept = accept }).isProblem)
    }

    @Test func `under /api a form gets the JSON answers of sign-up, login and logout`()
        async throws
    {
        let counter = try Counter()
        let fields: KeyValuePairs = ["username": "ada", "password": Counter.password]
        #expect(await counter.answer(.form("/api/register", fields)).status == 201)
        let login = await counter.answer(.form("/api/login", fields))
        #expect(login.status == 200)
        #expect(login.value(of: "Content-Type") == "application/json; charset=utf-8")
        let cookie = try login.cookie
        #expect(await counter.answer(.get("/api/account", cookie: cookie)).status == 200)
        #expect(await counter.answer(.form("/api/logout", cookie: cookie)).status == 204)
        #expect(await counter.status(with: cookie) == 401)
    }

    @Test(arguments: ["", "/auth"])
    func `the mount itself leads to the account page`(mount: String) async throws {
        let response = await (try Counter()).answer(Request.page("/").mounted(at: mount))
        #expect(response.status == 303)
        #expect(response.location == mount + "/account")
    }
}
