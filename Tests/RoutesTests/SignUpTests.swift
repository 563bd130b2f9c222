import HTTP
import Routes
import Telemetry
import TestStorage
import Testing

@Suite struct SignUpTests {
    @Test(arguments: ["/signup", "/register", "/api/signup", "/api/register"])
    func `signing up answers 201 with exactly the account, and the cookie`(path: String)
        async throws
    {
        let counter = try Counter()
        let response = await counter.answer(
            .json(path, ["username": "ada", "password": .password])
        )
        #expect(response.status == 201)
        let id = try #require(try response.json.text("id"))
        #expect(id.utf8.count == 22)
        #expect(
            response.text
                == #"{"id":"\#(id)","username":"ada","email":null,"role":"user","groups":[]}"#
        )
        #expect(
            response.fieldNames == ["Content-Type", "Set-Cookie", "Set-Cookie", "Cache-Control"]
        )
        let cookie = try #require(response.sessionCookie)
        // ASVS 3.3.1 to 3.3.4, and the lifetime of a session without "remember me".
        #expect(
            cookie.prefixMatch(of: #/__Host-session=[A-Za-z0-9_-]{43}; Path=\/; Secure; /#) != nil
        )
        #expect(cookie.hasSuffix("; HttpOnly; SameSite=Lax; Max-Age=86400"))
        #expect(await counter.status(with: try response.cookie) == 200)
    }

    @Test(
        arguments: [
            ("ada@example.org", nil, "ada@example.org", "ada@example.org"),
            (nil, "ada@example.org", "ada@example.org", "ada@example.org"),
            ("", "ada@example.org", "ada@example.org", "ada@example.org"),
            ("ada", "", "ada", nil), ("ada", "ada@example.org", "ada", "ada@example.org"),
            ("a@x.org", "b@x.org", "a@x.org", "b@x.org"), ("Zoë", nil, "Zoë", nil),
            ("李", nil, "李", nil),
        ] as [(String?, String?, String, String?)]
    )
    func `a name, an address or both make an account`(
        username: String?,
        email: String?,
        shownName: String,
        shownEmail: String?
    ) async throws {
        let counter = try Counter()
        let response = await counter.answer(
            .json(
                "/signup",
                ["username": JSON(username), "email": JSON(email), "password": .password]
            )
        )
        #expect(response.status == 201)
        #expect(try response.json.text("username") == shownName)
        #expect(try response.json["email"] == JSON(shownEmail))
        for name in [shownName, shownEmail].compactMap({ $0 }) {
            _ = try await counter.logIn(name)
        }
    }

    @Test(arguments: ["ada", "ADA", "Ａda", "ada@example.org"])
    func `a name or an address that somebody has is 409, and nothing is made`(name: String)
        async throws
    {
        let counter = try Counter()
        let first = await counter.answer(
            .json(
                "/signup",
                ["username": "ada", "email": "ada@example.org", "password": .password]
            )
        )
        #expect(first.status == 201)
        let second = await counter.answer(
            .json("/signup", ["username": JSON(name), "password": .password])
        )
        #expect(second.status == 409)
        #expect(second.slug == "username-taken")
        #expect(second.issuePaths == ["username"])
        #expect(try await counter.storage.accounts.count == 1)
        #expect(try await counter.storage.storedSessions.count == 1)
    }

    @Test(
        arguments: [
            (#"{}"#, ["username", "password"]), (#"{"username":"ada"}"#, ["password"]),
            (#"{"username":null,"password":null}"#, ["username", "password"]),
            (#"{"username":"","email":"","password":""}"#, ["username", "password"]),
            (#"{"password":"plum gravel 47 lantern"}"#, ["username"]),
            (#"{"username":"a b","password":"plum gravel 47 lantern"}"#, ["username"]),
            (#"{"email":"nobody","password":"plum gravel 47 lantern"}"#, ["email"]),
            (
                #"{"username":"a\u0007","email":"b","password":"x"}"#,
                ["username", "email", "password"]
            ),
            (#"{"username":"ada","password":"password1"}"#, ["password"]),
            (#"{"username":7,"password":"x"}"#, ["username"]),
            (#"{"username":"ada","password":["x"]}"#, ["password"]),
            (#"{"username":"ada","email":{},"password":"x"}"#, ["email"]),
            (#"{"username":"ada","password":"x","next":1}"#, ["next"]),
            (#"{"username":"a","username":"b","password":"x"}"#, ["username"]),
            (#"{"username":"a\u0000","password":"x"}"#, ["username"]),
            (#"{"username":"ada","password":"plum gravel\u0000 47"}"#, ["password"]),
        ]
    )
    func `what cannot be used is 400 and names every field`(body: String, paths: [String])
        async throws
    {
        let counter = try Counter()
        let request = Request.json("/signup", [:]).with { $0.body = .bytes(Array(body.utf8)) }
        let response = await counter.answer(request)
        #expect(response.status == 400)
        #expect(response.slug == "invalid-request")
        #expect(response.issuePaths == paths)
        #expect(try await counter.storage.accounts.count == 0)
        #expect(counter.hashCount == 0)
        #expect(counter.events.events.isEmpty)
    }

    @Test func `the minimum length of a password is the one of the settings`() async throws {
        let counter = try Counter(passwordMinimum: 24)
        let fields: KeyValuePairs = ["username": "ada", "password": Counter.password]
        let response = await counter.answer(.form("/signup", fields))
        #expect(response.status == 400)
        #expect(response.holds("24"))
    }

    @Test func `signing up is one hash, one account, one session and says so in events`()
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        #expect(counter.hashCount == 1)
        #expect(counter.events.names == ["user_created", "session_created"])
        let me = await counter.answer(.get("/me", cookie: cookie))
        let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")
        let id = try #require(try me.json.text("id"))
        #expect(counter.events.events.first == .userCreated(user: id, by: nil, from: origin))
    }

    @Test func `closed, it makes nobody, says so, and is offered nowhere`() async throws {
        let counter = try Counter(isSignUpOpen: false)
        let fields: JSON = ["username": "ada", "password": .password]
        for path in ["/signup", "/register", "/api/signup"] {
            let response = await counter.answer(.json(path, fields))
            #expect(response.status == 403 && response.slug == "sign-up-closed")
        }
        for request in [Request.page("/signup"), .form("/signup", ["username": "ada"])] {
            let page = await counter.answer(request)
            #expect(page.status == 403 && page.isPage && page.holds("administrators of this site"))
        }
        #expect(try await counter.storage.accounts.isEmpty)
        #expect(await !counter.answer(.page("/login")).holds("/signup"))
        let open = try Counter()
        #expect(await open.answer(.page("/login")).holds("/signup"))
    }
}
