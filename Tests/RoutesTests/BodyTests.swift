import HTTP
import Routes
import TestStorage
import Testing

/// What becomes of bodies that cannot be read.
@Suite struct BodyTests {
    private static let paths = ["/login", "/signup", "/register", "/api/login", "/api/signup"]

    @Test(arguments: paths, [true, false])
    func `a body over the limit is 413 and one that broke off is 400`(path: String, isPage: Bool)
        async throws
    {
        let counter = try Counter()
        let request = isPage ? Request.form(path) : .json(path, [:])
        let large = await counter.answer(request.with { $0.body = .tooLarge })
        #expect(large.status == 413)
        let truncated = await counter.answer(request.with { $0.body = .truncated })
        #expect(truncated.status == 400)
        let isJSON = !isPage || path.hasPrefix("/api")
        #expect(large.isProblem == isJSON && truncated.isProblem == isJSON)
        #expect(large.isPage != isJSON && truncated.isPage != isJSON)
        if isJSON {
            #expect(large.slug == "body-too-large")
            #expect(truncated.slug == "invalid-request")
            #expect(truncated.issuePaths == [""])
        }
        #expect(try await counter.storage.accounts.count == 0)
    }

    @Test func `a logout whose body broke off logs nobody out`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        for body in [Request.Body.tooLarge, .truncated] {
            let request = Request.form("/logout", cookie: cookie).with { $0.body = body }
            #expect(await counter.answer(request).status >= 400)
        }
        #expect(await counter.status(with: cookie) == 200)
    }

    @Test(
        arguments: [
            "text/plain", "multipart/form-data; boundary=x", "application/xml", "application",
            "application/json; charset=latin1", "application/json, text/html", "text/json",
            "application/x-www-form-urlencoded; charset=utf-16", nil,
        ] as [String?],
        paths
    )
    func `a type that no route reads is 415`(type: String?, path: String) async throws {
        let counter = try Counter()
        let request = Request.json(path, ["username": "ada", "password": .password]).with {
            $0.contentType = type
        }
        let response = await counter.answer(request)
        #expect(response.status == 415)
        #expect(response.isPage || response.slug == "unsupported-media-type")
        #expect(try await counter.storage.accounts.count == 0)
    }

    @Test(
        arguments: [
            "", "null", "[]", "\"x\"", "1", "{", "{\"username\":}", "{\"username\":\"a\"", "\u{0}",
            "{\"username\":\"ada\"} x", "{'username':'ada'}",
            String(repeating: "[", count: 60_000),
        ],
        paths
    )
    func `JSON that is none, or no object, is 400`(body: String, path: String) async throws {
        let request = Request.json(path, [:]).with { $0.body = .bytes(Array(body.utf8)) }
        let response = await (try Counter()).answer(request)
        #expect(response.status == 400)
        #expect(response.slug == "invalid-request")
        #expect(!response.issuePaths.isEmpty)
    }

    @Test(
        arguments: [
            ("username=a&username=b", "username"), ("username=%", "username"),
            ("username=%zz", "username"), ("password=%ff%fe", "password"),
            ("username=%00", "username"), ("password=%00", "password"),
            ("username=ada&password=x&next=%00", "next"),
        ]
    )
    func `a form that breaks its rules is 400 and names the field (ASVS 15.3.7)`(
        body: String,
        field: String
    ) async throws {
        let counter = try Counter()
        for path in ["/api/login", "/api/signup"] {
            let response = await counter.answer(.rawForm(path, body))
            #expect(response.status == 400)
            #expect(response.issuePaths == [field])
        }
        for path in ["/login", "/signup"] {
            let response = await counter.answer(.rawForm(path, body))
            #expect(response.status == 400 && response.isPage)
        }
        #expect(counter.hashCount == 0)
    }

    @Test(arguments: ["on", "true", "1", "off", "0", "", "maybe", "ON"])
    func `the box that is ticked is read as a form sends it`(value: String) async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        let response = await counter.answer(
            .form(
                "/login",
                ["username": "ada", "password": Counter.password, "remember": value]
            )
        )
        switch value {
        case "on", "true", "1":
            #expect(response.sessionCookie?.hasSuffix("Max-Age=2592000") == true)
        case "off", "0", "":
            #expect(response.sessionCookie?.hasSuffix("Max-Age=86400") == true)
        default:
            #expect(response.status == 400)
        }
    }
}
