import Accounts
import HTTP
import Routes
import TestStorage
import Testing

/// The cookie by which a device is known again at the login; it opens nothing.
@Suite struct DeviceCookieTests {
    private static let login: JSON = ["username": "ada", "password": .password]
    private static let planted = "__Host-device=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

    /// The device's cookie that an answer sets, whole.
    private func field(_ response: Response) -> String? {
        response.values(of: "Set-Cookie").first { $0.hasPrefix("__Host-device=") }
    }

    /// The device's cookie that an answer sets, as a browser sends it back.
    private func device(_ response: Response) throws -> String {
        String(try #require(field(response)).prefix { $0 != ";" })
    }

    @Test(arguments: ["/signup", "/login"])
    func `a login sets it apart from the session, Secure, HttpOnly and SameSite (ASVS 3.3.1)`(
        path: String
    ) async throws {
        let counter = try Counter()
        if path == "/login" { _ = try await counter.signUp() }
        let response = await counter.answer(.json(path, Self.login))
        let cookie = try #require(field(response))
        #expect(
            cookie.wholeMatch(
                of:
                    #/__Host-device=[\w-]{43}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=15552000/#
            ) != nil
        )
        #expect(!cookie.contains(try response.cookie.suffix(43)))
    }

    @Test func `it is no session, under either name`() async throws {
        let counter = try Counter()
        let response = await counter.answer(.json("/signup", Self.login))
        let device = try device(response)
        let ticket = device.suffix(43)
        #expect(await counter.status(with: device) == 401)
        #expect(await counter.status(with: "__Host-session=\(ticket)") == 401)
        #expect(await counter.check(cookie: "\(device); __Host-session=\(ticket)").status == 401)
    }

    @Test func `a known device is given its cookie again; another account gets one of its own`()
        async throws
    {
        let counter = try Counter()
        let first = await counter.answer(.json("/signup", Self.login))
        let device = try device(first)
        let again = await counter.answer(.json("/login", Self.login, cookie: device))
        #expect(again.status == 200)
        #expect(field(again) == field(first))
        let grace: JSON = ["username": "grace", "password": .password]
        let other = await counter.answer(.json("/signup", grace, cookie: device))
        #expect(try self.device(other) != device)
        #expect(try await counter.storage.devices(of: counter.account("ada").id).count == 1)
    }

    @Test func `a planted cookie becomes nobody's device`() async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        for _ in 0..<2 {
            let response = await counter.answer(.json("/login", Self.login, cookie: Self.planted))
            #expect(try device(response) != Self.planted)
        }
    }

    @Test(
        arguments: [
            "__Host-device=", "__Host-device=x", "device=AAAA", "\(planted); \(planted)", planted,
            "__Host-device=\(String(repeating: "ä", count: 43))",
        ]
    )
    func `one that is broken, doubled or unknown counts as none, and keeps nobody out`(
        cookie: String
    ) async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        let response = await counter.answer(.json("/login", Self.login, cookie: cookie))
        #expect(response.status == 200 && field(response) != nil)
    }

    @Test func `a flood of strangers never keeps a known device out (ASVS 6.1.1, 6.3.1)`()
        async throws
    {
        let counter = try Counter(throttle: ThrottlePolicy(account: 3, device: 3))
        let device = try device(await counter.answer(.json("/signup", Self.login)))
        let wrong: JSON = ["username": "ada", "password": "not my password 9"]
        var statuses: [Int] = []
        for _ in 0..<5 { statuses.append(await counter.answer(.json("/login", wrong)).status) }
        #expect(statuses == [401, 401, 401, 429, 429])
        #expect(await counter.answer(.json("/login", Self.login)).status == 429)
        let planted = await counter.answer(.json("/login", Self.login, cookie: Self.planted))
        #expect(planted.status == 429)
        let known = await counter.answer(.json("/login", Self.login, cookie: device))
        #expect(known.status == 200)
    }

    @Test func `a known device is slowed down by itself when it guesses`() async throws {
        let counter = try Counter(throttle: ThrottlePolicy(account: 3, device: 3))
        let device = try device(await counter.answer(.json("/signup", Self.login)))
        let wrong: JSON = ["username": "ada", "password": "not my password 9"]
        var statuses: [Int] = []
        for _ in 0..<5 {
            statuses.append(await counter.answer(.json("/login", wrong, cookie: device)).status)
        }
        #expect(statuses == [401, 401, 401, 429, 429])
        // The owner still gets in from elsewhere.
        #expect(await counter.answer(.json("/login", Self.login)).status == 200)
    }

    @Test func `it is forgotten a set time after its last login`() async throws {
        let counter = try Counter()
        let device = try device(await counter.answer(.json("/signup", Self.login)))
        counter.clock.advance(by: 15_552_000)
        let known = await counter.answer(.json("/login", Self.login, cookie: device))
        #expect(try self.device(known) == device)
        counter.clock.advance(by: 15_552_001)
        let unknown = await counter.answer(.json("/login", Self.login, cookie: device))
        #expect(try self.device(unknown) != device)
    }

    @Test func `a logout leaves it, and deleting the account takes it away`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let logout = await counter.answer(.form("/logout", cookie: cookie))
        #expect(field(logout) == nil)
        let again = try await counter.logIn()
        let deletion = await counter.answer(.send(.delete, "/account", cookie: again))
        #expect(field(deletion)?.hasSuffix("Max-Age=0") == true)
    }
}
