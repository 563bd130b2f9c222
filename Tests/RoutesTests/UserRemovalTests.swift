import Accounts
import HTTP
import Routes
import Telemetry
import TestStorage
import Testing

/// What administrators take away: accounts, sessions, and the last of themselves.
@Suite struct UserRemovalTests {
    private static let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")

    private static let leaving: [(method: Method, body: JSON)] = [
        (.delete, [:]), (.patch, ["disabled": true]), (.patch, ["groups": []]),
        (.patch, ["groups": ["Admin"]]),
    ]

    @Test func `a deleted account is gone with its sessions, and its name is free (ASVS 7.4.2)`()
        async throws
    {
        let counter = try Counter()
        let root = try await counter.administrator()
        let ada = try await counter.signUp()
        let (id, actor) = (try await counter.id(of: "ada"), try await counter.id(of: "root"))
        let session = try await counter.session(of: ada)
        let count = counter.events.events.count
        let request = Request.send(.delete, "/users/\(id)", cookie: root)
        #expect(await counter.answer(request).status == 204)
        #expect(
            Array(counter.events.events.dropFirst(count))
                == [
                    .userDeleted(user: id, by: actor, from: Self.origin),
                    .sessionRevoked(session: session, user: id, by: actor, from: Self.origin),
                ]
        )
        #expect(await counter.check(cookie: ada).status == 401)
        #expect(await counter.answer(.get("/users/\(id)", cookie: root)).status == 404)
        #expect(await counter.answer(request).status == 404)
        _ = try await counter.signUp()
        #expect(try await counter.id(of: "ada") != id)
    }

    @Test(arguments: 0..<4)
    func `the last administrator stays: 409, and nothing changed`(way: Int) async throws {
        let counter = try Counter()
        let root = try await counter.administrator()
        _ = try await counter.administrator("shut")
        try await counter.storage.change("shut") { $0.disabled }
        let path = "/users/\(try await counter.id(of: "root"))"
        let before = try await counter.stored
        let count = counter.events.events.count
        let (method, body) = Self.leaving[way]
        let response = await counter.answer(.send(method, path, body, cookie: root))
        #expect(response.status == 409 && response.slug == "last-administrator")
        #expect(try await counter.stored == before)
        #expect(counter.events.events.count == count)
        #expect(await counter.answer(.get("/users", cookie: root)).status == 200)
    }

    @Test(arguments: 0..<4)
    func `of two administrators who remove each other at once one stays`(way: Int)
        async throws
    {
        let counter = try Counter()
        let cookies = [try await counter.administrator("a"), try await counter.administrator("b")]
        let paths = [
            "/users/\(try await counter.id(of: "b"))", "/users/\(try await counter.id(of: "a"))",
        ]
        let (method, body) = Self.leaving[way]
        let statuses = await withTaskGroup(of: Int.self) { group in
            for (cookie, path) in zip(cookies, paths) {
                group.addTask {
                    await counter.answer(.send(method, path, body, cookie: cookie)).status
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        // Whoever comes second is told so, or is no administrator any more by then.
        #expect(statuses.count { $0 < 300 } == 1)
        #expect(statuses.allSatisfy { [200, 204, 401, 403, 409].contains($0) })
        let left = try await counter.storage.accounts.filter {
            $0.groups.contains("admin") && !$0.isDisabled
        }
        #expect(left.count == 1)
    }

    @Test func `one of two administrators may leave, and is out at once`() async throws {
        let counter = try Counter()
        let root = try await counter.administrator()
        _ = try await counter.administrator("grace")
        let path = "/users/\(try await counter.id(of: "root"))"
        let request = Request.send(.patch, path, ["disabled": true], cookie: root)
        #expect(await counter.answer(request).status == 200)
        #expect(await counter.answer(request).status == 401)
    }

    @Test func `administrators see and end the sessions of an account (ASVS 7.4.5)`()
        async throws
    {
        let counter = try Counter()
        let root = try await counter.administrator()
        let cookies = [try await counter.signUp(), try await counter.logIn()]
        for cookie in cookies { #expect(await counter.status(with: cookie) == 200) }
        let path = "/users/\(try await counter.id(of: "ada"))/sessions"
        let list = await counter.answer(.get(path, cookie: root))
        guard case .array(let sessions) = try list.json else { throw NotJSON() }
        #expect(sessions.count == 2)
        #expect(sessions.allSatisfy { $0["current"] == .bool(false) })
        let count = counter.events.events.count
        #expect(await counter.answer(.send(.delete, path, cookie: root)).status == 204)
        #expect(counter.events(after: count) == ["session_revoked", "session_revoked"])
        let actor = try await counter.id(of: "root")
        #expect(counter.events.text.contains(actor))
        for cookie in cookies { #expect(await counter.isDead(cookie)) }
        #expect(await counter.answer(.get(path, cookie: root)).text == "[]")
        #expect(await counter.status(with: root) == 200)
    }

    @Test func `administrators who end their own sessions keep the one in use`() async throws {
        let counter = try Counter()
        let root = try await counter.administrator()
        let other = try await counter.logIn("root")
        let path = "/users/\(try await counter.id(of: "root"))/sessions"
        #expect(await counter.answer(.send(.delete, path, cookie: root)).status == 204)
        #expect(await counter.isDead(other))
        #expect(await counter.status(with: root) == 200)
    }

    private struct NotJSON: Error {}
}
