import HTTP
import Routes
import Sessions
import Telemetry
import TestStorage
import Testing

/// My sessions: seeing them and ending them.
@Suite struct DeviceTests {
    private static let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")

    /// The ids of sessions in their order, and which of them is marked.
    private func listed(_ response: Response) throws -> (ids: [String], current: [String]) {
        guard case .array(let items) = try response.json else { return ([], []) }
        let ids = items.compactMap { $0.text("id") }
        return (ids, items.filter { $0["current"] == .bool(true) }.compactMap { $0.text("id") })
    }

    @Test func `I see every live session of mine, this one marked (ASVS 7.5.2)`() async throws {
        let counter = try Counter()
        let phone = try await counter.signUp()
        let laptop = try await counter.logIn(remember: true)
        _ = try await counter.signUp("grace")
        counter.clock.advance(by: 5)
        let first = try await counter.session(of: phone)
        counter.clock.advance(by: 5)
        let second = try await counter.session(of: laptop)
        for (cookie, id) in [(phone, first), (laptop, second)] {
            counter.clock.advance(by: 5)
            let response = await counter.answer(.get("/sessions", cookie: cookie))
            #expect(response.status == 200)
            let (ids, current) = try listed(response)
            #expect(Set(ids) == [first, second] && ids.first == id)
            #expect(current == [id])
        }
        let page = await counter.answer(.page("/sessions", cookie: phone))
        #expect(page.location == "/account")
    }

    @Test func `an expired session is not listed`() async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        counter.clock.advance(by: 80_000)
        let cookie = try await counter.logIn()
        counter.clock.advance(by: 10_000)
        #expect(try listed(await counter.answer(.get("/sessions", cookie: cookie))).ids.count == 1)
    }

    @Test(arguments: [true, false])
    func `a session that I end is dead at its next request, and an event (ASVS 7.5.2)`(
        isForm: Bool
    ) async throws {
        let counter = try Counter()
        let phone = try await counter.signUp()
        let laptop = try await counter.logIn()
        let id = try await counter.session(of: phone)
        let response = await counter.answer(
            isForm
                ? .form("/sessions/\(id)/end", cookie: laptop)
                : .send(.delete, "/sessions/\(id)", cookie: laptop)
        )
        #expect(response.status == (isForm ? 303 : 204))
        #expect(response.location == (isForm ? "/account?done=session" : nil))
        #expect(response.values(of: "Set-Cookie").isEmpty)
        let me = try await counter.id(of: "ada")
        let end = Event.sessionRevoked(session: id, user: me, by: nil, from: Self.origin)
        #expect(counter.events.events.last == end)
        #expect(await counter.check(cookie: phone).status == 401)
        #expect(await counter.isDead(phone))
        #expect(await counter.status(with: laptop) == 200)
    }

    @Test(arguments: [true, false])
    func `ending the session in use is a logout`(isForm: Bool) async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let id = try await counter.session(of: cookie)
        let response = await counter.answer(
            isForm
                ? .form("/sessions/\(id)/end", cookie: cookie)
                : .send(.delete, "/sessions/\(id)", cookie: cookie)
        )
        #expect(response.status == (isForm ? 303 : 204))
        #expect(response.sessionCookie?.contains("Max-Age=0") == true)
        #expect(response.value(of: "Clear-Site-Data") == #""cache""#)
        #expect(counter.events.names.last == "session_logout")
        #expect(await counter.isDead(cookie))
    }

    @Test func `a session of somebody else is 404 and lives on, as one that is not there`()
        async throws
    {
        let counter = try Counter()
        let mine = try await counter.administrator("ada")
        let other = try await counter.signUp("grace")
        let foreign = try await counter.session(of: other)
        let ended = try await counter.logIn()
        let gone = try await counter.session(of: ended)
        #expect(await counter.answer(.plain(.post, "/logout", cookie: ended)).status == 204)
        let absent = "AAAAAAAAAAAAAAAAAAAAAA"
        let count = counter.events.events.count
        for id in [foreign, gone, absent, try await counter.id(of: "grace")] {
            let program = await counter.answer(.send(.delete, "/sessions/\(id)", cookie: mine))
            #expect(program.status == 404 && program.slug == "not-found")
            let person = await counter.answer(.form("/sessions/\(id)/end", cookie: mine))
            #expect(person.status == 404 && person.isPage)
        }
        #expect(counter.events.events.count == count)
        #expect(await counter.status(with: other) == 200)
    }

    @Test(arguments: [true, false])
    func `ending all others leaves this one, and those of other people`(isForm: Bool)
        async throws
    {
        let counter = try Counter()
        let mine = try await counter.signUp()
        var others: [String] = []
        for _ in 0..<3 { others.append(try await counter.logIn()) }
        for cookie in others { #expect(await counter.status(with: cookie) == 200) }
        let grace = try await counter.signUp("grace")
        let count = counter.events.events.count
        let response = await counter.answer(
            isForm
                ? .form("/sessions/end-others", cookie: mine)
                : .send(.delete, "/sessions", cookie: mine)
        )
        #expect(response.status == (isForm ? 303 : 204))
        #expect(response.location == (isForm ? "/account?done=others" : nil))
        #expect(counter.events(after: count) == Array(repeating: "session_revoked", count: 3))
        for cookie in others { #expect(await counter.isDead(cookie)) }
        #expect(await counter.status(with: mine) == 200)
        #expect(await counter.status(with: grace) == 200)
    }

    @Test func `nobody else to end is no error, and no event`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let count = counter.events.events.count
        #expect(await counter.answer(.send(.delete, "/sessions", cookie: cookie)).status == 204)
        #expect(counter.events.events.count == count)
    }

    @Test(arguments: [("session", true), ("others", true), ("password", true), ("<b>", false)])
    func `the account page says what was done, and nothing that a link makes up`(
        done: String,
        isKnown: Bool
    ) async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let query = "done=" + Percent.encodeQueryValue(done)
        let page = await counter.answer(.page("/account", query: query, cookie: cookie))
        #expect(page.status == 200)
        #expect(page.holds(#"class="notice""#) == isKnown)
        #expect(!page.holds("<b>"))
    }

    @Test func `the oldest sessions end beyond the limit (ASVS 7.1.2)`() async throws {
        let counter = try Counter(policy: .init(sessionsPerAccount: 2))
        let first = try await counter.signUp()
        counter.clock.advance(by: 1)
        let second = try await counter.logIn()
        counter.clock.advance(by: 1)
        let third = try await counter.logIn()
        #expect(await counter.isDead(first))
        #expect(await counter.status(with: second) == 200)
        #expect(try listed(await counter.answer(.get("/sessions", cookie: third))).ids.count == 2)
    }
}
