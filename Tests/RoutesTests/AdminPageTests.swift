import Accounts
import HTTP
import Routes
import TestStorage
import Testing

/// The pages for administrators: each form does what the API does and shows its page again.
@Suite struct AdminPageTests {
    /// A site with the administrator `root`, the account `ada`, and the path of its page.
    private struct Scene {
        let counter: Counter
        let root: String
        let ada: String
        let page: String

        init() async throws {
            counter = try Counter()
            root = try await counter.administrator()
            ada = try await counter.signUp()
            page = "/admin/users/\(try await counter.id(of: "ada"))"
        }

        func post(_ path: String, _ fields: KeyValuePairs<String, String> = [:]) async -> Response {
            await counter.answer(.form(path, fields, cookie: root))
        }
    }

    @Test func `the list shows accounts, leads to each, and finds them by name`() async throws {
        let scene = try await Scene()
        let all = await scene.counter.answer(.page("/admin", cookie: scene.root))
        #expect(all.status == 200 && all.isPage)
        #expect(all.holds("href=\"\(scene.page)\""))
        let some = await scene.counter.answer(.page("/admin", query: "q=roo", cookie: scene.root))
        #expect(!some.holds("href=\"\(scene.page)\"") && some.holds("root"))
        let none = await scene.counter.answer(
            .page("/admin", query: "q=zqx%22%3E", cookie: scene.root)
        )
        #expect(none.holds("No account was found.") && !none.holds(#"zqx">"#))
        let next = await scene.counter.answer(
            .page("/admin", query: "q=&limit=1", cookie: scene.root)
        )
        #expect(next.holds(#"href="/admin?after=ada""#))
        let bad = await scene.counter.answer(.page("/admin", query: "limit=0", cookie: scene.root))
        #expect(bad.status == 400 && bad.isPage)
    }

    @Test func `a new account is told with its link, once`() async throws {
        let scene = try await Scene()
        let response = await scene.post(
            "/admin/users",
            ["username": "grace", "email": "", "groups": "staff, editors"]
        )
        #expect(response.status == 200 && response.isPage)
        #expect(response.holds("<strong>grace</strong>"))
        #expect(response.holds(#">/set-password?token="#))
        #expect(try await scene.counter.account("grace").groups == ["editors", "staff"])
        let again = await scene.counter.answer(.page("/admin", cookie: scene.root))
        #expect(!again.holds("set-password"))
    }

    @Test(
        arguments: [
            ("ada", "", "", 409, "username-error"), ("a b", "", "", 400, "username-error"),
            ("", "", "", 400, "username-error"), ("grace", "x", "", 400, "email-error"),
            ("grace", "", "a;b", 400, "groups-error"), ("grace", "", "a\tb", 400, "groups-error"),
        ]
    )
    func `what is wrong with a new account is said at its field, and the rest is kept`(
        username: String,
        email: String,
        groups: String,
        status: Int,
        mark: String
    ) async throws {
        let scene = try await Scene()
        let before = try await scene.counter.stored
        let response = await scene.post(
            "/admin/users",
            ["username": username, "email": email, "groups": groups]
        )
        #expect(response.status == status && response.isPage)
        #expect(response.holds("id=\"\(mark)\""))
        #expect(response.holds("name=\"username\" value=\"\(username)\""))
        #expect(response.holds("name=\"email\" value=\"\(email)\""))
        #expect(response.holds("name=\"groups\" value=\"\(groups)\""))
        #expect(try await scene.counter.stored == before)
    }

    @Test(
        arguments: [
            ("groups", "groups", ["groups": "b a", "version": "1"]), ("disable", "disabled", [:]),
            ("enable", "enabled", ["version": "1"]), ("sessions/end", "sessions", [:]),
        ] as [(String, String, [String: String])]
    )
    func `a form leads back to the account's page, which says what was done`(
        action: String,
        done: String,
        fields: [String: String]
    ) async throws {
        let scene = try await Scene()
        let body = fields.map { "\($0.key)=\($0.value.replacing(" ", with: "+"))" }
        let request = Request.form("\(scene.page)/\(action)", cookie: scene.root).with {
            $0.body = .bytes(Array(body.joined(separator: "&").utf8))
        }
        let response = await scene.counter.answer(request)
        #expect(response.location == "\(scene.page)?done=\(done)")
        let page = await scene.counter.answer(
            .page(scene.page, query: "done=\(done)", cookie: scene.root)
        )
        #expect(page.status == 200 && page.holds(#"class="notice" role="status""#))
        let account = try await scene.counter.account("ada")
        #expect(account.groups == (action == "groups" ? ["a", "b"] : []))
        #expect(account.isDisabled == (action == "disable"))
        let isOver = action == "disable" || action == "sessions/end"
        #expect(await scene.counter.isDead(scene.ada) == isOver)
    }

    @Test(arguments: ["groups", "disable", "enable"])
    func `a form of a page that is out of date is 409 and shows the account as it is`(
        action: String
    ) async throws {
        let scene = try await Scene()
        _ = await scene.post("\(scene.page)/groups", ["groups": "new", "version": "1"])
        let before = try await scene.counter.stored
        let response = await scene.post(
            "\(scene.page)/\(action)",
            ["groups": "old", "version": "1"]
        )
        #expect(response.status == 409 && response.isPage)
        #expect(response.holds("Somebody else has changed this account meanwhile"))
        #expect(response.holds(#"name="groups" value="new""#))
        #expect(response.holds(#"name="version" value="2""#))
        #expect(try await scene.counter.stored == before)
    }

    @Test(arguments: [("a;b", "1"), ("-a", "1"), ("a", "x"), ("a", "1.0")])
    func `a form that is not understood is 400 on the account's page`(
        groups: String,
        version: String
    ) async throws {
        let scene = try await Scene()
        let response = await scene.post(
            "\(scene.page)/groups",
            ["groups": groups, "version": version]
        )
        #expect(response.status == 400 && response.holds(#"role="alert""#))
        #expect(try await scene.counter.account("ada").editVersion == 1)
    }

    @Test func `a link is shown once, on the answer itself, and sets a password`() async throws {
        let scene = try await Scene()
        let response = await scene.post("\(scene.page)/link")
        #expect(response.status == 200 && response.isPage)
        let token = try #require(response.text.firstMatch(of: #/token=([\w-]{43})</#)?.1)
        #expect(scene.counter.events.names.last == "authn_password_link_created")
        let page = await scene.counter.answer(.page(scene.page, cookie: scene.root))
        #expect(!page.holds("set-password"))
        let set: JSON = ["token": .string(String(token)), "password": "seven quiet harbours 12"]
        #expect(await scene.counter.answer(.json("/set-password", set)).status == 204)
        #expect(await scene.counter.opens("ada", with: "seven quiet harbours 12"))
    }

    @Test func `deleting wants the box ticked, and leads to the list`() async throws {
        let scene = try await Scene()
        for fields in [[:], ["confirm": "off"]] as [KeyValuePairs<String, String>] {
            let refused = await scene.post("\(scene.page)/delete", fields)
            #expect(refused.status == 400 && refused.holds("Please tick the box to confirm."))
        }
        #expect(await scene.counter.status(with: scene.ada) == 200)
        let response = await scene.post("\(scene.page)/delete", ["confirm": "on"])
        #expect(response.location == "/admin")
        #expect(await scene.counter.isDead(scene.ada))
        #expect(await scene.counter.answer(.page(scene.page, cookie: scene.root)).status == 404)
        for action in ["groups", "disable", "enable", "sessions/end", "link", "delete"] {
            let gone = await scene.post("\(scene.page)/\(action)", ["confirm": "on"])
            #expect(gone.status == 404 && gone.isPage)
        }
    }

    @Test(arguments: ["groups", "disable", "delete"])
    func `the last administrator is told so on the page, and stays`(action: String) async throws {
        let scene = try await Scene()
        let page = "/admin/users/\(try await scene.counter.id(of: "root"))"
        let before = try await scene.counter.stored
        let response = await scene.post("\(page)/\(action)", ["groups": "", "confirm": "on"])
        #expect(response.status == 409 && response.isPage)
        #expect(response.holds("This is the only account in the group admin that can log in"))
        #expect(try await scene.counter.stored == before)
    }
}
