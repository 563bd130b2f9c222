import HTTP
import Routes
import Testing

/// The mount is in every link, redirect and cookie path.
@Suite struct MountTests {
    /// A row of the table in `TicketCookie`, and what it makes of the cookie.
    struct Row: Sendable {
        let path: String?
        let isSecure: Bool
        let mount: String
        let name: String
        let shownPath: String

        init(
            _ path: String?,
            _ isSecure: Bool,
            _ mount: String,
            _ name: String,
            _ shownPath: String
        ) {
            self.path = path
            self.isSecure = isSecure
            self.mount = mount
            self.name = name
            self.shownPath = shownPath
        }
    }

    private static let rows = [
        Row(nil, true, "", "__Host-sid", "/"), Row(nil, true, "/auth", "__Secure-sid", "/auth"),
        Row(nil, true, "/a/b", "__Secure-sid", "/a/b"), Row(nil, false, "", "sid", "/"),
        Row(nil, false, "/auth", "sid", "/auth"), Row("/", true, "", "__Host-sid", "/"),
        Row("/", true, "/auth", "__Host-sid", "/"), Row("/", false, "/auth", "sid", "/"),
        Row("/app", true, "", "__Secure-sid", "/app"),
        Row("/app", true, "/auth", "__Secure-sid", "/app"),
        Row("/app", false, "/auth", "sid", "/app"),
    ]

    @Test(arguments: rows)
    func `the name and path of the cookie follow the rule (ASVS 3.3.1, 3.3.3)`(row: Row)
        async throws
    {
        let counter = try Counter(
            cookie: TicketCookie(name: "sid", path: row.path, isSecure: row.isSecure)
        )
        let cookie = try await counter.signUp(at: row.mount)
        #expect(cookie.hasPrefix("\(row.name)="))
        let secure = row.isSecure ? "Secure; " : ""
        let attributes = "Path=\(row.shownPath); \(secure)HttpOnly; SameSite=Lax; Max-Age="
        let login = await counter.answer(
            .json("/login", ["username": "ada", "password": .password]).mounted(at: row.mount)
        )
        #expect(
            login.sessionCookie == "\(try login.cookie); \(attributes)86400"
        )
        // What was given is found again, by the routes and by the check.
        let me = await counter.answer(Request.get("/me", cookie: cookie).mounted(at: row.mount))
        #expect(me.status == 200)
        #expect(await counter.check(cookie: cookie, mount: row.mount).status == 204)
        let logout = await counter.answer(
            Request.form("/logout", cookie: cookie).mounted(at: row.mount)
        )
        #expect(logout.sessionCookie == "\(row.name)=; \(attributes)0")
        #expect(await counter.check(cookie: cookie, mount: row.mount).status == 401)
    }

    @Test func `a cookie of one mount is none at another`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp(at: "/auth")
        #expect(await counter.status(with: cookie) == 401)
        #expect(await counter.check(cookie: cookie).status == 401)
    }

    @Test(arguments: ["", "/auth", "/a/b"])
    func `redirects stay within the mount`(mount: String) async throws {
        let counter = try Counter()
        let fields: KeyValuePairs = ["username": "ada", "password": Counter.password]
        let signUp = await counter.answer(Request.form("/signup", fields).mounted(at: mount))
        #expect(signUp.location == "\(mount)/account")
        let cookie = try signUp.cookie
        let login = await counter.answer(Request.form("/login", fields).mounted(at: mount))
        #expect(login.location == "\(mount)/account")
        let again = await counter.answer(
            Request.page("/login", cookie: cookie).mounted(at: mount)
        )
        #expect(again.location == "\(mount)/account")
        let logout = await counter.answer(
            Request.form("/logout", cookie: cookie).mounted(at: mount)
        )
        #expect(logout.location == "\(mount)/login")
        let account = await counter.answer(Request.page("/account").mounted(at: mount))
        let next = Percent.encodeQueryValue("\(mount)/account")
        #expect(account.location == "\(mount)/login?next=\(next)")
        let guarded = counter.site.answerUnauthenticated(
            Request.page("/").with {
                $0.mount = mount
                $0.requestURI = "/dashboard"
            }
        )
        #expect(guarded.location == "\(mount)/login?next=%2Fdashboard")
    }

    @Test(arguments: ["/auth", "/a/b"])
    func `every link, form and image of every page begins with the mount`(mount: String)
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp(at: mount)
        let requests: [Request] = [
            .page("/login", query: "next=/x"), .page("/signup", query: "next=/x"),
            .page("/account", cookie: cookie), .page("/nothing"), .form("/login"),
            .form("/signup"), .form("/login").with { $0.secFetchSite = "cross-site" },
        ]
        for request in requests {
            let page = await counter.answer(request.mounted(at: mount))
            #expect(page.isPage)
            let links = page.text.matches(of: #/(?:href|src|action)="([^"]*)"/#).map(\.1)
            #expect(links.count >= 2)
            for link in links { #expect(link.hasPrefix("\(mount)/")) }
        }
    }
}
