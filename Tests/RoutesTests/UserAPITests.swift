import Accounts
import HTTP
import Routes
import Telemetry
import TestStorage
import Testing

/// The API for administrators, whose proof of the password is fresh.
@Suite struct UserAPITests {
    private static let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")

    /// The names on a page of accounts.
    private func names(_ response: Response) throws -> [String] {
        guard case .array(let users) = try response.json["users"] else { return [] }
        return users.compactMap { $0.text("username") }
    }

    // MARK: reading

    @Test func `pages hold every account once, in the order of their names`() async throws {
        let scene = try await AdministrationScene()
        for name in ["zoe", "Bob", "carl"] { _ = try await scene.counter.signUp(name) }
        var seen: [String] = []
        var query = "limit=2"
        for _ in 0..<5 {
            let request = Request.get("/users", cookie: scene.root).with { $0.query = query }
            let response = await scene.counter.answer(request)
            #expect(response.status == 200)
            let page = try names(response)
            #expect(page.count <= 2)
            seen += page
            guard let next = try response.json.text("next") else { break }
            query = "limit=2&after=" + Percent.encodeQueryValue(next)
        }
        #expect(seen == ["ada", "Bob", "carl", "root", "zoe"])
    }

    @Test(
        arguments: [
            ("q=AD", ["ada"]), ("q=o", ["root"]), ("q=%EF%BD%81da", ["ada"]),
            ("q=", ["ada", "root"]),
            ("q=%25", []), ("q=_", []), ("q='", []), ("after=b", ["root"]), ("after=zzz", []),
            ("limit=1", ["ada"]), ("limit=200", ["ada", "root"]),
            ("q=" + String(repeating: "a", count: 5000), []),
            ("after=" + String(repeating: "a", count: 5000), []),
        ] as [(String, [String])]
    )
    func `a search finds what a name contains, and nothing by wildcards`(
        query: String,
        found: [String]
    ) async throws {
        let scene = try await AdministrationScene()
        let request = Request.get("/users", cookie: scene.root).with { $0.query = query }
        let response = await scene.counter.answer(request)
        #expect(response.status == 200)
        #expect(try names(response) == found)
    }

    @Test(arguments: ["0", "-1", "201", "x", "", "1e1", "99999999999999999999", "1.0"])
    func `a page of no size or too many is 400`(limit: String) async throws {
        let scene = try await AdministrationScene()
        let request = Request.get("/users", cookie: scene.root).with { $0.query = "limit=\(limit)" }
        let response = await scene.counter.answer(request)
        #expect(response.status == 400 && response.issuePaths == ["limit"])
    }

    @Test func `an account is shown with its groups, state and version, and no hash`()
        async throws
    {
        let scene = try await AdministrationScene()
        let response = await scene.counter.answer(.get(scene.adaPath, cookie: scene.root))
        let id = try await scene.counter.id(of: "ada")
        #expect(
            response.text
                == #"{"id":"\#(id)","username":"ada","email":null,"role":"user","groups":[],"#
                + #""disabled":false,"createdAt":"2026-01-31T12:00:00Z","version":1}"#
        )
    }

    // MARK: making

    @Test func `a new account has no password but a link, which is made of the settings alone`()
        async throws
    {
        let scene = try await AdministrationScene(try Counter(address: "https://example.org/auth"))
        let counter = scene.counter
        let count = counter.events.events.count
        let body: JSON = ["username": "grace", "groups": ["staff", "editors", "staff"]]
        let request = Request.send(.post, "/users", body, cookie: scene.root)
        // CS-Forgot: the host of the request is the visitor's word.
        let response = await counter.answer(request.with { $0.host = "evil.example" })
        #expect(response.status == 201)
        let json = try response.json
        #expect(json.text("username") == "grace")
        #expect(json["groups"] == ["editors", "staff"])
        let url = try #require(json["link"]?.text("url"))
        #expect(
            url.wholeMatch(of: #/https://example.org/auth/set-password\?token=[\w-]{43}/#) != nil
        )
        #expect(json["link"]?.text("expiresAt") == "2026-02-01T12:00:00Z")
        let (id, root) = (try #require(json.text("id")), try await counter.id(of: "root"))
        #expect(
            Array(counter.events.events.dropFirst(count))
                == [
                    .userCreated(user: id, by: root, from: Self.origin),
                    .passwordLinkMade(user: id, by: root, from: Self.origin),
                ]
        )
        #expect(!counter.events.text.contains(url.suffix(43)))
        for password in ["", " ", Counter.password] {
            #expect(await !counter.opens("grace", with: password))
        }
    }

    @Test(
        arguments: [
            (["username": "ada"], 409, ["username"]), (["username": "ADA"], 409, ["username"]),
            ([:], 400, ["username"]), (["username": "a b"], 400, ["username"]),
            (["username": "x", "email": "y"], 400, ["email"]),
            (["username": 1], 400, ["username"]),
            (["username": "x", "groups": "a"], 400, ["groups"]),
            (["username": "x", "groups": [1]], 400, ["groups"]),
            (["username": "x", "groups": ["a b"]], 400, ["groups"]),
            (["username": "x", "groups": ["a,b"]], 400, ["groups"]),
            (["username": "x", "groups": ["a\r\nX-Auth-Id: 1"]], 400, ["groups"]),
            (["username": "x", "groups": ["a\u{0}"]], 400, ["groups"]),
            (["username": "x", "groups": [""]], 400, ["groups"]),
            (["username": "x", "groups": ["ä"]], 400, ["groups"]),
        ] as [(JSON, Int, [String])]
    )
    func `an account that cannot be made is refused by field, and not made`(
        body: JSON,
        status: Int,
        fields: [String]
    ) async throws {
        let scene = try await AdministrationScene()
        let before = try await scene.counter.stored
        let count = scene.counter.events.events.count
        let response = await scene.send(.post, "/users", body)
        #expect(response.status == status)
        #expect(response.issuePaths == fields)
        #expect(try await scene.counter.stored == before)
        #expect(scene.counter.events.events.count == count)
    }

    @Test func `an account is made with its link, or not at all`() async throws {
        let scene = try await AdministrationScene()
        scene.counter.storage.fail([.insertLink])
        let response = await scene.send(.post, "/users", ["username": "grace"])
        scene.counter.storage.fail([])
        let made = try await scene.counter.storage.accounts.map(\.username).contains("grace")
        #expect(made == (response.status == 201))
    }
}
