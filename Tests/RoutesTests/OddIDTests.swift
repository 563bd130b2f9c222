import HTTP
import Routes
import TestStorage
import Testing

/// What stands at `{id}` in a path.
@Suite struct OddIDTests {
    /// Texts that are the id of nothing; nginx decodes a path once, so `%2F` is what somebody
    /// encoded twice.
    private static let odd: [String] = [
        "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAA+", "1", "-1",
        ".", "..", "%2F", "%2e%2e", "a%2Fb", "{id}", "admin", "*", "' OR 1=1 --", "a b", "\u{0}",
        "a\r\nSet-Cookie: x=y", "ä", "\u{301}", "<script>", String(repeating: "A", count: 4096),
        "end-others ", "null", "me",
    ]

    @Test(arguments: odd)
    func `an id that is none is 404 at every route, and changes nothing`(id: String)
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.administrator()
        let before = try await counter.stored
        let count = counter.events.events.count
        for route in GuardedRoute.all where route.path.contains("{id}") {
            let requests = [route.program(id, cookie: cookie), route.person(id, cookie: cookie)]
            for request in requests.compactMap({ $0 }) {
                let response = await counter.answer(request)
                #expect(response.status == 404, "\(route.testDescription)")
                #expect(!response.holds("<script>"))
            }
        }
        #expect(try await counter.stored == before)
        #expect(counter.events.events.count == count)
    }

    @Test(
        arguments: [
            "/users/", "/users//", "/users//link", "/users//sessions", "/sessions/",
            "/sessions//end", "/admin/", "/admin/users/", "/admin/users//groups",
            "/admin/users//sessions/end", "/admin/users/x/sessions", "/users/x/", "/users/x/y",
            "/users/a/b/link", "/users/x/link/", "/sessions/a/b", "/sessions/x/end/",
            "//users/x", "/api/users/", "/api//users", "/api/admin/users/x",
            "/api/account/delete",
        ],
        [Method.get, .post, .delete, .patch]
    )
    func `an empty id, a slash too many and a page under /api are no path`(
        path: String,
        method: Method
    ) async throws {
        // `POST /api/account/delete` is the form's action as JSON: the page is what is missing.
        guard path != "/api/account/delete" || method == .get else { return }
        let counter = try Counter()
        let cookie = try await counter.administrator()
        let response = await counter.answer(.plain(method, path, cookie: cookie))
        let isKnown = path == "/api/account/delete"
        #expect(response.status == (isKnown ? 405 : 404))
    }

    @Test(
        arguments: [
            ("/users/x", "DELETE, GET, HEAD, PATCH"), ("/users/x/link", "POST"),
            ("/users/x/sessions", "DELETE, GET, HEAD"), ("/sessions/x", "DELETE"),
            ("/sessions/x/end", "POST"), ("/admin/users/x", "GET, HEAD"),
            ("/admin/users/x/sessions/end", "POST"), ("/api/users/x", "DELETE, GET, HEAD, PATCH"),
            ("/sessions/end-others", "DELETE, POST"), ("/account/delete", "GET, HEAD, POST"),
            ("/account/data", "GET, HEAD"), ("/set-password", "GET, HEAD, POST"),
            ("/reauthenticate", "GET, HEAD, POST"),
        ]
    )
    func `a path with an id knows exactly its methods (ASVS 4.1.4)`(
        path: String,
        methods: String
    ) async throws {
        let response = await (try Counter()).answer(.plain(.options, path))
        #expect(response.status == 405)
        let allowed = response.value(of: "Allow")?.split(separator: ", ").sorted()
        #expect(allowed?.joined(separator: ", ") == methods)
    }

    @Test func `the API is the same under /api, for administrators too`() async throws {
        let counter = try Counter()
        let cookie = try await counter.administrator()
        let id = try await counter.id(of: "root")
        for path in ["/users", "/users/\(id)", "/users/\(id)/sessions", "/sessions"] {
            let plain = await counter.answer(.get(path, cookie: cookie))
            #expect(plain.status == 200)
            #expect(await counter.answer(.get("/api" + path, cookie: cookie)) == plain)
        }
    }

    @Test func `below a mount every link, redirect and cookie follows it`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp(at: "/auth")
        try await counter.storage.change("ada") { $0.with(groups: ["admin"]) }
        let id = try await counter.id(of: "ada")
        let edit = Request.form(
            "/admin/users/\(id)/groups",
            ["groups": "admin, editors"],
            cookie: cookie
        )
        let edited = await counter.answer(edit.mounted(at: "/auth"))
        #expect(edited.location == "/auth/admin/users/\(id)?done=groups")
        let link = Request.form("/admin/users/\(id)/link", cookie: cookie)
        let page = await counter.answer(link.mounted(at: "/auth"))
        #expect(page.holds(#">/auth/set-password?token="#))
        let refused = Request.form("/admin/users/\(id)/link").mounted(at: "/auth")
        #expect(await counter.answer(refused).holds(#"href="/auth/login""#))
        counter.makeStale()
        let stale = await counter.answer(edit.mounted(at: "/auth"))
        let back = Percent.encodeQueryValue("/auth/admin/users/\(id)")
        #expect(stale.location == "/auth/reauthenticate?next=\(back)")
    }
}
