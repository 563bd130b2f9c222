import HTTP
import Routes
import TestStorage
import Testing

@Suite struct LogoutTests {
    private static let cleared =
        "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"

    /// Every way to log out.
    private static func ways(_ cookie: String?) -> [Request] {
        [
            .form("/logout", cookie: cookie), .plain(.post, "/logout", cookie: cookie),
            .plain(.delete, "/logout", cookie: cookie), .json("/logout", [:], cookie: cookie),
            .plain(.delete, "/api/logout", cookie: cookie),
            .plain(.post, "/api/logout", cookie: cookie),
        ]
    }

    @Test(arguments: 0..<6)
    func `after a logout the cookie opens nothing, pasted back or not (ASVS 7.4.1)`(way: Int)
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        #expect(await counter.status(with: cookie) == 200)
        let request = Self.ways(cookie)[way]
        let response = await counter.answer(request)
        let isPage = request.contentType == "application/x-www-form-urlencoded"
        #expect(response.status == (isPage ? 303 : 204))
        #expect(response.sessionCookie == Self.cleared)
        // ASVS 14.3.1
        #expect(response.value(of: "Clear-Site-Data") == #""cache""#)
        #expect(response.location == (isPage ? "/login" : nil))
        #expect(counter.events.names.last == "session_logout")
        #expect(await counter.status(with: cookie) == 401)
        #expect(await counter.check(cookie: cookie).status == 401)
        #expect(try await counter.storage.storedSessions.isEmpty)
        // A ticket that is used up and comes back is an event, each time.
        #expect(counter.events.names.suffix(2) == ["authn_token_reuse", "authn_token_reuse"])
    }

    @Test(
        arguments: 0..<6,
        [
            nil, "__Host-session=", "__Host-session=x", "a=b",
            "__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] as [String?]
    )
    func `a logout without a session is answered like one with it`(way: Int, cookie: String?)
        async throws
    {
        let counter = try Counter()
        let response = await counter.answer(Self.ways(cookie)[way])
        let withSession = await counter.answer(Self.ways(try await counter.signUp())[way])
        #expect(response == withSession)
    }

    @Test func `there is no logout by GET (ASVS 3.5.3)`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        #expect(await counter.answer(.page("/logout", cookie: cookie)).status == 405)
        #expect(await counter.answer(.get("/api/logout", cookie: cookie)).status == 405)
        #expect(await counter.status(with: cookie) == 200)
    }

    @Test func `a logout ends no session but its own`() async throws {
        let counter = try Counter()
        let phone = try await counter.signUp()
        let laptop = try await counter.logIn()
        let other = try await counter.signUp("grace")
        _ = await counter.answer(.form("/logout", cookie: phone))
        #expect(await counter.status(with: laptop) == 200)
        #expect(await counter.status(with: other) == 200)
    }

    @Test func `after an acknowledged logout no ticket in the request is accepted`()
        async throws
    {
        let counter = try Counter()
        let real = try await counter.signUp()
        let planted = try await counter.signUp("mallory")
        // Two cookies of our name are no session, but whoever logs out means all of them.
        let response = await counter.answer(.form("/logout", cookie: "\(planted); \(real)"))
        #expect(response.status == 303)
        #expect(await counter.status(with: real) == 401)
        #expect(await counter.status(with: planted) == 401)
        #expect(counter.events.names.contains("suspicious_cookie"))
    }
}
