import HTTP
import Routes
import Telemetry
import TestStorage
import Testing

/// Proving the password again within a session.
@Suite struct ReauthenticationTests {
    private func request(
        _ password: String = Counter.password,
        next: String? = nil,
        isForm: Bool,
        cookie: String
    ) -> Request {
        guard isForm else {
            return .json("/reauthenticate", ["password": .string(password)], cookie: cookie)
        }
        return next.map {
            .form("/reauthenticate", ["password": password, "next": $0], cookie: cookie)
        } ?? .form("/reauthenticate", ["password": password], cookie: cookie)
    }

    @Test(arguments: [true, false])
    func `the session goes on under a new ticket, and the old one is dead (ASVS 7.2.4)`(
        isForm: Bool
    ) async throws {
        let counter = try Counter()
        let old = try await counter.signUp()
        let other = try await counter.logIn()
        let id = try await counter.session(of: old)
        counter.makeStale()
        let count = counter.events.events.count
        let response = await counter.answer(request(isForm: isForm, cookie: old))
        #expect(response.status == (isForm ? 303 : 204))
        #expect(response.location == (isForm ? "/account" : nil))
        #expect(
            counter.events(after: count) == ["authn_reauthentication_success", "session_renewed"]
        )
        let new = try response.cookie
        #expect(await counter.check(cookie: old).status == 401)
        #expect(await counter.isDead(old))
        #expect(try await counter.session(of: new) == id)
        // It is fresh, and the other device stays as it was.
        #expect(await counter.answer(.send(.delete, "/sessions", cookie: other)).status == 403)
        #expect(await counter.answer(.send(.delete, "/sessions", cookie: new)).status == 204)
    }

    @Test
    func `both limits begin anew, and only a logout that crossed it ends it by the old ticket`()
        async throws
    {
        let counter = try Counter()
        let old = try await counter.signUp()
        for _ in 0..<11 {
            counter.clock.advance(by: 7200)
            #expect(await counter.status(with: old) == 200)
        }
        var new = try await counter.answer(request(isForm: false, cookie: old)).cookie
        counter.clock.advance(by: 28_799)
        // Past the first session's day (NIST SP 800-63B-4 section 5.2).
        #expect(await counter.status(with: new) == 200)
        _ = await counter.answer(.plain(.post, "/logout", cookie: old))
        #expect(await counter.status(with: new) == 200)
        let last = new
        new = try await counter.answer(request(isForm: false, cookie: last)).cookie
        counter.clock.advance(by: 60)
        _ = await counter.answer(.plain(.post, "/logout", cookie: last))
        #expect(await counter.isDead(new))
    }

    @Test(arguments: [true, false])
    func `a wrong password leaves the session as it was, and is an event`(isForm: Bool)
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        counter.makeStale()
        for wrong in ["not my password 9", "", String(repeating: "x", count: 2000)] {
            let response = await counter.answer(request(wrong, isForm: isForm, cookie: cookie))
            #expect(response.status == 401)
            #expect(counter.events.names.last == "authn_reauthentication_fail")
            if isForm {
                #expect(response.isPage && response.holds("The password is wrong."))
            } else {
                #expect(response.slug == "invalid-credentials")
            }
        }
        #expect(await counter.status(with: cookie) == 200)
        #expect(await counter.answer(.send(.delete, "/sessions", cookie: cookie)).status == 403)
    }

    @Test(
        arguments: [
            ("/admin?q=a", "/admin?q=a"), ("//evil.example/", "/account"),
            ("https://evil.example/", "/account"), ("/\\evil", "/account"), ("", "/account"),
            ("javascript:alert(1)", "/account"), ("/x\r\nSet-Cookie: a=b", "/account"),
        ]
    )
    func `it leads on to where one was going, and nowhere else (ASVS 3.7.2)`(
        next: String,
        target: String
    ) async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let page = await counter.answer(
            .page(
                "/reauthenticate",
                query: "next=" + Percent.encodeQueryValue(next),
                cookie: cookie
            )
        )
        #expect(page.status == 200 && page.holds(#"value="ada""#))
        let response = await counter.answer(request(next: next, isForm: true, cookie: cookie))
        #expect(response.location == target)
    }

    @Test func `a place that wants a newer proof is passed after it, and again only for a time`()
        async throws
    {
        let policies = AccessPolicies(custom: ["vault": AccessPolicy(maxAge: 60)])
        let counter = try Counter(policies: policies)
        let cookie = try await counter.signUp()
        counter.clock.advance(by: 60)
        #expect(await counter.check("vault", cookie: cookie).status == 204)
        counter.clock.advance(by: 1)
        let refused = await counter.check("vault", cookie: cookie)
        #expect(refused.status == 401)
        #expect(refused.value(of: "X-Auth-Reason") == "reauthenticate")
        #expect(counter.events.names.last == "authz_step_up")
        let new = try await counter.answer(request(isForm: false, cookie: cookie)).cookie
        #expect(await counter.check("vault", cookie: new).status == 204)
        counter.clock.advance(by: 61)
        #expect(await counter.check("vault", cookie: new).status == 401)
        #expect(await counter.check("user", cookie: new).status == 204)
    }

    @Test func `of many at once with one ticket one is renewed`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let answers = await withTaskGroup(of: Response.self) { group in
            for _ in 0..<4 {
                group.addTask { [request = request(isForm: false, cookie: cookie)] in
                    await counter.answer(request)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.map(\.status).sorted() == [204, 401, 401, 401])
        #expect(try await counter.storage.storedSessions.count == 1)
    }

    @Test(arguments: [true, false])
    func `when hashing is full it is 503 at once, and the session stays`(isForm: Bool)
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        counter.stopHashing()
        let response = await counter.answer(request(isForm: isForm, cookie: cookie))
        #expect(response.status == 503 && response.isPage == isForm)
        #expect(await counter.status(with: cookie) == 200)
    }
}
