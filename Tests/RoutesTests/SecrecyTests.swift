import Accounts
import HTTP
import Routes
import Sessions
import Telemetry
import Storage
import TestStorage
import Testing

/// What must not be told: who has an account, and any secret.
@Suite struct SecrecyTests {
    private static let wrong = "never the right one 81"

    /// A site on which `ada` has an account and `grace` a shut one.
    private func open() async throws -> Counter {
        let counter = try Counter()
        _ = try await counter.signUp("ada")
        _ = try await counter.signUp("grace")
        try await counter.storage.change("grace") { $0.disabled }
        return counter
    }

    /// Names and passwords that let nobody in, each for another reason.
    private static let refused: [(name: String, password: String)] = [
        ("ada", wrong), ("nobody", wrong), ("nobody", Counter.password),
        ("grace", Counter.password), ("grace", wrong), ("a b", wrong), ("\u{7}", wrong),
        (String(repeating: "x", count: 5000), wrong), ("ada", String(repeating: "x", count: 5000)),
        ("nobody", String(repeating: "x", count: 5000)), ("ada@", wrong), ("ada", " "),
        ("ada", Counter.password.uppercased()), ("ada", Counter.password + " "),
    ]

    @Test(arguments: refused)
    func `every failed login has the same bytes, fields and work (ASVS 6.3.8)`(
        name: String,
        password: String
    ) async throws {
        let counter = try await open()
        let before = counter.hashCount
        let eventsBefore = counter.events.events.count
        let response = await counter.answer(
            .json("/login", ["username": .string(name), "password": .string(password)])
        )
        #expect(response.status == 401)
        #expect(counter.hashCount == before + 1)
        #expect(
            response.text
                == #"{"type":"urn:coatcheck:problem:invalid-credentials","#
                + #""title":"Invalid credentials","status":401,"#
                + #""error":"The name or the password is wrong."}"#
        )
        #expect(response.fieldNames == ["Content-Type", "Cache-Control"])
        let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")
        let events = counter.events.events.dropFirst(eventsBefore)
        // Only the log is told whose name it was.
        let user = try? AccountName(name)
        let found = try await counter.storage.base.credentials(of: user?.key ?? NameKey(stored: ""))
        #expect(Array(events) == [.loginFailed(user: found?.user.id.text, from: origin)])
    }

    @Test(arguments: refused)
    func `the page of a failed login is the same whether or not there is an account`(
        name: String,
        password: String
    ) async throws {
        let full = try await open()
        let empty = try Counter()
        let request = Request.form(
            "/login",
            ["username": name, "password": password, "next": "/x"]
        )
        let response = await full.answer(request)
        #expect(response.status == 401)
        #expect(await empty.answer(request) == response)
    }

    @Test func `no event holds a password, a ticket, a cookie or a name that was typed`()
        async throws
    {
        let counter = try Counter(policy: .init(sessionsPerAccount: 2))
        let password = Counter.password
        var secrets = [password, Self.wrong, "typedname", "ada@example.org", "__Host-session"]
        let first = try await counter.signUp("ada@example.org")
        counter.clock.advance(by: 1)
        let second = try await counter.logIn("ada@example.org", remember: true)
        counter.clock.advance(by: 1)
        let third = try await counter.logIn("ada@example.org")
        secrets += [first, second, third].map { String($0.dropFirst("__Host-session=".count)) }
        let fields: KeyValuePairs = ["username": "typedname", "password": Self.wrong]
        _ = await counter.answer(.form("/login", fields))
        _ = await counter.answer(.form("/signup", ["username": "typedname", "password": "x"]))
        _ = await counter.answer(.form("/signup", ["username": "typedname"], query: "next=/q"))
        _ = await counter.answer(
            .form("/login", fields, cookie: second).with { $0.secFetchSite = "cross-site" }
        )
        _ = await counter.answer(.get("/me", cookie: "\(second); \(third)"))
        _ = await counter.answer(.get("/me", cookie: "__Host-session=typedname"))
        _ = await counter.check("admin", cookie: second)
        _ = await counter.check("nosuch", cookie: second)
        _ = await counter.check("user", cookie: "__Host-session=typedname")
        for call in FlakyStorage.Call.allCases {
            counter.storage.fail([call])
            _ = await counter.answer(.form("/login", fields, cookie: first))
            _ = await counter.answer(.json("/logout", [:], cookie: third))
            _ = await counter.answer(
                .form("/signup", ["username": "typedname", "password": password])
            )
        }
        counter.storage.fail([])
        _ = await counter.answer(.form("/logout", cookie: second))
        counter.stopHashing()
        _ = await counter.answer(.form("/login", fields))
        let seen = Set(counter.events.names)
        let expected: Set = [
            "user_created", "session_created", "authn_login_success", "authn_login_fail",
            "malicious_csrf", "suspicious_cookie", "authz_fail", "policy_unknown",
            "storage_failed", "session_logout", "authn_login_busy", "excess_sessions_exceeded",
        ]
        #expect(seen.isSuperset(of: expected))
        for secret in secrets {
            #expect(!counter.events.text.contains(secret))
        }
    }

    @Test func `a password is in no page and no answer, and neither is its hash`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        var answers = [
            await counter.answer(.get("/me", cookie: cookie)),
            await counter.answer(.page("/account", cookie: cookie)),
        ]
        for path in ["/login", "/signup"] {
            for password in [Counter.password, Self.wrong, "short 1", "<'\">&"] {
                let fields: KeyValuePairs = ["username": "grace hopper", "password": password]
                answers.append(await counter.answer(.form(path, fields)))
            }
        }
        for answer in answers {
            for secret in [Self.wrong, "short 1", "argon2", "&lt;&#39;", "<'\">"] {
                #expect(!answer.holds(secret))
            }
        }
    }
}
