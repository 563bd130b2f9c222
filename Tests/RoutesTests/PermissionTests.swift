import HTTP
import Routes
import Telemetry
import TestStorage
import Testing

/// Who may use which route, in every form.
@Suite struct PermissionTests {
    private static let sensitive = GuardedRoute.all.filter { $0.kind != .session }
    private static let administration = GuardedRoute.all.filter { $0.kind == .administrator }

    @Test func `every route is either tried here or open to anybody`() {
        let open: Set = [
            "/", "/signup", "/register", "/login", "/logout", "/set-password", "/health/live",
            "/health/ready", "/metrics",
        ]
        #expect(Set(GuardedRoute.all.map(\.path)).union(open) == Set(Site.routePaths))
    }

    @Test(arguments: GuardedRoute.all)
    func `without a session a program gets 401, and a person the login (ASVS 7.2.1)`(
        route: GuardedRoute
    ) async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        let id = try await counter.id(of: "ada")
        let before = try await counter.stored
        let unknown = "__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        for cookie in [nil, unknown] {
            if let request = route.program(id, cookie: cookie) {
                let response = await counter.answer(request)
                #expect(response.status == 401 && response.slug == "authentication-required")
            }
            guard let request = route.person(id, cookie: cookie) else { continue }
            let response = await counter.answer(request)
            if route.method == .get {
                let here = Percent.encodeQueryValue(request.path)
                #expect(response.location == "/login?next=\(here)")
            } else {
                #expect(response.status == 401 && response.isPage)
                #expect(response.holds(#"href="/login""#))
            }
        }
        #expect(try await counter.stored == before)
    }

    @Test(arguments: sensitive)
    func `long after the password was proved sensitive routes ask for it again (ASVS 7.5.3)`(
        route: GuardedRoute
    ) async throws {
        let counter = try Counter()
        let cookie = try await counter.administrator()
        _ = try await counter.signUp()
        let id = try await counter.id(of: "ada")
        let before = try await counter.stored
        counter.makeStale()
        if let request = route.program(id, cookie: cookie) {
            let response = await counter.answer(request)
            if route.kind == .administrator, route.method == .get {
                #expect(response.status == 200)
            } else {
                #expect(response.status == 403 && response.slug == "reauthentication-required")
            }
        }
        if let request = route.person(id, cookie: cookie) {
            let response = await counter.answer(request)
            #expect(response.location == "/reauthenticate?next=\(route.next(id))")
        }
        #expect(try await counter.stored == before)
    }

    @Test func `the proof is fresh to its last second and not longer`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        counter.clock.advance(by: 900)
        #expect(await counter.answer(.send(.delete, "/sessions", cookie: cookie)).status == 204)
        counter.clock.advance(by: 1)
        #expect(await counter.answer(.send(.delete, "/sessions", cookie: cookie)).status == 403)
    }

    @Test(arguments: administration, [[], ["administrators"], ["Admin"]])
    func `outside the group admin every administrative route is 403, and an event (ASVS 8.3.1)`(
        route: GuardedRoute,
        groups: [String]
    ) async throws {
        let counter = try Counter()
        _ = try await counter.administrator()
        let cookie = try await counter.signUp()
        try await counter.storage.change("ada") { $0.with(groups: groups) }
        let me = try await counter.id(of: "ada")
        let session = try await counter.session(of: cookie)
        let id = try await counter.id(of: "root")
        let before = try await counter.stored
        let requests = [route.program(id, cookie: cookie), route.person(id, cookie: cookie)]
        for request in requests.compactMap({ $0 }) {
            let response = await counter.answer(request)
            #expect(response.status == 403)
            #expect(response.isPage == (route.form == .page))
            #expect(response.holds("This needs membership in the group admin."))
            // ASVS 16.3.2; the path is the route's, so that no id of the visitor's choice is in it.
            let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")
            let denial = Event.adminDenied(
                path: route.path,
                user: me,
                session: session,
                from: origin
            )
            #expect(counter.events.events.last == denial)
        }
        #expect(try await counter.stored == before)
    }

    @Test func `who is no administrator is told so before being asked for the password`()
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        counter.makeStale()
        #expect(await counter.answer(.page("/admin", cookie: cookie)).status == 403)
    }

    @Test func `losing the group holds at the next request (ASVS 8.3.2)`() async throws {
        let counter = try Counter()
        let root = try await counter.administrator()
        let other = try await counter.administrator("grace")
        #expect(await counter.answer(.get("/users", cookie: other)).status == 200)
        let path = "/users/\(try await counter.id(of: "grace"))"
        let edit = Request.send(.patch, path, ["groups": ["editors"]], cookie: root)
        #expect(await counter.answer(edit).status == 200)
        #expect(await counter.answer(.get("/users", cookie: other)).status == 403)
        #expect(await counter.check("admin", cookie: other).status == 403)
        #expect(await counter.check("user", cookie: other).value(of: "X-Auth-Groups") == "editors")
    }

    @Test(arguments: GuardedRoute.all.filter { $0.method != .get })
    func `another site's form changes nothing on any route (ASVS 3.5.1)`(route: GuardedRoute)
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.administrator()
        _ = try await counter.signUp()
        let id = try await counter.id(of: "ada")
        let before = try await counter.stored
        let requests = [route.program(id, cookie: cookie), route.person(id, cookie: cookie)]
        for request in requests.compactMap({ $0 }) {
            for site in ["cross-site", "same-site"] {
                let response = await counter.answer(request.with { $0.secFetchSite = site })
                #expect(response.status == 403)
                #expect(counter.events.names.last == "malicious_csrf")
            }
        }
        #expect(try await counter.stored == before)
    }
}
