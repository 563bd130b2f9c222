import HTTP
import Routes
import Testing

/// What people see who sign up and log in by the pages.
@Suite struct FormTests {
    private static func fields(
        _ name: String = "ada",
        next: String? = nil
    ) -> KeyValuePairs<String, String> {
        guard let next else { return ["username": name, "password": Counter.password] }
        return ["username": name, "password": Counter.password, "next": next]
    }

    @Test(arguments: ["/signup", "/register", "/login"])
    func `a form leads to the account page by 303, with the cookie`(path: String) async throws {
        let counter = try Counter()
        if path == "/login" { _ = try await counter.signUp() }
        let response = await counter.answer(.form(path, Self.fields()))
        #expect(response.status == 303)
        #expect(response.location == "/account")
        #expect(response.fieldNames == ["Location", "Set-Cookie", "Set-Cookie", "Cache-Control"])
        let account = await counter.answer(.page("/account", cookie: try response.cookie))
        #expect(account.status == 200 && account.isPage)
        #expect(account.holds("ada"))
    }

    @Test(arguments: [nil, "*/*", "image/png"])
    func `a form without an Accept that names JSON gets the redirect too`(accept: String?)
        async throws
    {
        let counter = try Counter()
        let request = Request.form("/signup", Self.fields()).with { $0.accept = accept }
        #expect(await counter.answer(request).status == 303)
    }

    @Test func `a form by a program that accepts JSON gets JSON`() async throws {
        let counter = try Counter()
        let request = Request.form("/signup", Self.fields()).with {
            $0.accept = "application/json"
        }
        let response = await counter.answer(request)
        #expect(response.status == 201)
        #expect(try response.json.text("username") == "ada")
    }

    @Test func `a failed login shows the page again: 401, the name kept, no password, no cookie`()
        async throws
    {
        let counter = try Counter()
        _ = try await counter.signUp()
        let wrong = "wrong horse battery 99"
        let response = await counter.answer(
            .form(
                "/login",
                ["username": "ada", "password": wrong, "remember": "on", "next": "/a?b=1&c"]
            )
        )
        #expect(response.status == 401 && response.isPage)
        #expect(response.holds(#"value="ada""#))
        #expect(response.holds(#"value="/a?b=1&amp;c""#))
        #expect(response.holds("checked"))
        #expect(response.holds(#"role="alert""#))
        #expect(response.holds("The name or the password is wrong."))
        #expect(!response.holds(wrong))
    }

    @Test func `a login page at first has no alert, no tick and no hidden next`() async throws {
        let response = await (try Counter()).answer(.page("/login"))
        #expect(response.status == 200 && response.isPage)
        #expect(response.fieldNames == ["Content-Type", "Cache-Control"])
        for absent in [#"role="alert""#, "checked", #"name="next""#, "nil", "Optional"] {
            #expect(!response.holds(absent))
        }
    }

    @Test func `a refused sign-up shows the page again with the name kept and the error told`()
        async throws
    {
        let counter = try Counter()
        _ = try await counter.signUp()
        let taken = await counter.answer(.form("/signup", Self.fields(next: "/a")))
        #expect(taken.status == 409 && taken.isPage)
        #expect(taken.holds(#"value="ada""#) && taken.holds(#"value="/a""#))
        #expect(taken.holds("This name is taken"))
        let short = await counter.answer(
            .form("/signup", ["username": "grace", "password": "pqzx"])
        )
        #expect(short.status == 400 && short.isPage)
        #expect(short.holds(#"value="grace""#) && short.holds("at least 8"))
        #expect(!short.holds("pqzx"))
        let first = await counter.answer(.page("/signup"))
        #expect(!first.holds(#"role="alert""#))
    }

    @Test(arguments: ["/signup", "/login"])
    func `empty fields show the page again with 400`(path: String) async throws {
        let counter = try Counter()
        let response = await counter.answer(.form(path))
        #expect(response.status == 400 && response.isPage)
        #expect(response.holds(#"role="alert""#))
        #expect(counter.hashCount == 0)
    }

    @Test(arguments: ["/login", "/signup", "/register"])
    func `whoever is logged in goes on from the pages that need nobody to be`(path: String)
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let plain = await counter.answer(.page(path, cookie: cookie))
        #expect(plain.status == 303 && plain.location == "/account")
        let onward = await counter.answer(.page(path, query: "next=%2Fa%3Fb%3D1", cookie: cookie))
        #expect(onward.status == 303 && onward.location == "/a?b=1")
        let evil = await counter.answer(.page(path, query: "next=//evil", cookie: cookie))
        #expect(evil.location == "/account")
    }

    @Test func `the links between login and sign-up keep next`() async throws {
        let counter = try Counter()
        let query = "next=%2Fa%3Fb%3D1%26c%3D%22"
        let login = await counter.answer(.page("/login", query: query))
        #expect(login.holds(#"href="/signup?next=%2Fa%3Fb%3D1%26c%3D%22""#))
        let signUp = await counter.answer(.page("/signup", query: query))
        #expect(signUp.holds(#"href="/login?next=%2Fa%3Fb%3D1%26c%3D%22""#))
    }
}
