import HTTP
import Routes
import Sessions
import Telemetry
import TestStorage
import Testing

@Suite struct LoginTests {
    @Test(arguments: ["/login", "/api/login"])
    func `logging in answers 200 with exactly the user, and the cookie`(path: String)
        async throws
    {
        let counter = try Counter()
        _ = try await counter.signUp("ada@example.org")
        try await counter.storage.change("ada@example.org") { $0.with(groups: ["admin", "staff"]) }
        let response = await counter.answer(
            .json(path, ["username": "ada@example.org", "password": .password])
        )
        #expect(response.status == 200)
        let id = try #require(try response.json["user"]?.text("id"))
        let user =
            #"{"id":"\#(id)","username":"ada@example.org","email":"ada@example.org","#
            + #""role":"admin","groups":["admin","staff"]}"#
        #expect(response.text == #"{"user":\#(user)}"#)
        #expect(
            response.fieldNames == ["Content-Type", "Set-Cookie", "Set-Cookie", "Cache-Control"]
        )
        let ticket = try response.cookie.dropFirst("__Host-session=".count)
        #expect(ticket.utf8.count == Ticket.textLength)
        #expect(
            response.sessionCookie
                == "__Host-session=\(ticket); Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400"
        )
    }

    @Test(
        arguments: [
            ["username": "ada"], ["email": "ada"], ["username": "ADA"],
            ["username": "ada@example.org"], ["email": "ADA@EXAMPLE.ORG"],
            ["username": "", "email": "ada"], ["username": "ada", "email": ""],
        ] as [KeyValuePairs<String, String>],
        [true, false]
    )
    func `a login takes the name or the address in either field`(
        names: KeyValuePairs<String, String>,
        isForm: Bool
    ) async throws {
        let counter = try Counter()
        let fields: JSON = ["username": "ada", "email": "ada@example.org", "password": .password]
        #expect(await counter.answer(.json("/signup", fields)).status == 201)
        let response: Response
        if isForm {
            let name = names.map { "\($0.key)=\(Percent.encodeQueryValue($0.value))" }
            let password = Percent.encodeQueryValue(Counter.password)
            let body = (name + ["password=\(password)"]).joined(separator: "&")
            response = await counter.answer(.rawForm("/login", body))
            #expect(response.status == 303)
        } else {
            let members = names.map { JSONMember(name: $0.key, value: .string($0.value)) }
            let password = JSONMember(name: "password", value: .password)
            response = await counter.answer(.json("/login", .object(members + [password])))
            #expect(response.status == 200)
        }
        #expect(await counter.status(with: try response.cookie) == 200)
    }

    @Test(
        arguments: [
            (#"{}"#, ["username", "password"]), (#"{"username":"ada"}"#, ["password"]),
            (#"{"username":"ada","password":""}"#, ["password"]),
            (#"{"username":"","email":"","password":"x"}"#, ["username"]),
            (#"{"username":null,"email":null,"password":"x"}"#, ["username"]),
            (#"{"password":"x"}"#, ["username"]), (#"{"username":1,"password":"x"}"#, ["username"]),
            (#"{"username":"ada","email":false,"password":"x"}"#, ["email"]),
            (#"{"username":"ada","password":12345678}"#, ["password"]),
            (#"{"username":"ada","password":"x","remember":"on"}"#, ["remember"]),
            (#"{"username":"ada","password":"x","remember":1}"#, ["remember"]),
            (#"{"username":"ada","password":"x","next":[]}"#, ["next"]),
            (#"{"username":"ada","password":"x","password":"x"}"#, ["password"]),
        ]
    )
    func `what cannot be used is 400, names the field and costs no hash`(
        body: String,
        paths: [String]
    ) async throws {
        let counter = try Counter()
        let request = Request.json("/login", [:]).with { $0.body = .bytes(Array(body.utf8)) }
        let response = await counter.answer(request)
        #expect(response.status == 400)
        #expect(response.slug == "invalid-request")
        #expect(response.issuePaths == paths)
        #expect(counter.hashCount == 0)
    }

    @Test(
        arguments: [
            (true, Int64(2_592_000), Int64(1_209_600)), (false, 86_400, 28_800),
        ]
    )
    func `remember me chooses the longer limits and the longer cookie`(
        remember: Bool,
        absolute: Int64,
        idle: Int64
    ) async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        let response = await counter.answer(
            .json(
                "/login",
                ["username": "ada", "password": .password, "remember": .bool(remember)]
            )
        )
        let field = try #require(response.sessionCookie)
        #expect(field.hasSuffix("; Max-Age=\(absolute)"))
        // ASVS 7.3.1: the server ends it when it was not used, whatever the browser keeps.
        counter.clock.advance(by: idle - 1)
        #expect(await counter.status(with: try response.cookie) == 200)
        counter.clock.advance(by: idle)
        #expect(await counter.status(with: try response.cookie) == 401)
    }

    @Test func `two logins are two sessions, and each is in the events`() async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        let phone = try await counter.logIn()
        let laptop = try await counter.logIn(remember: true)
        #expect(phone != laptop)
        let names = ["user_created", "session_created"]
        let login = ["session_created", "authn_login_success"]
        #expect(counter.events.names == names + login + login)
        #expect(await counter.answer(.json("/logout", [:], cookie: phone)).status == 204)
        #expect(await counter.status(with: phone) == 401)
        #expect(await counter.status(with: laptop) == 200)
    }

    @Test func `beyond the most sessions of an account the least used one ends`() async throws {
        let counter = try Counter(policy: SessionPolicy(sessionsPerAccount: 2))
        let first = try await counter.signUp()
        counter.clock.advance(by: 1)
        let second = try await counter.logIn()
        counter.clock.advance(by: 1)
        let third = try await counter.logIn()
        #expect(await counter.status(with: first) == 401)
        #expect(await counter.status(with: second) == 200)
        #expect(await counter.status(with: third) == 200)
        #expect(counter.events.names.count { $0 == "excess_sessions_exceeded" } == 1)
    }
}
