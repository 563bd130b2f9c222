import HTTP
import Routes
import Telemetry
import TestStorage
import Testing

/// What nginx is told before it serves a guarded place.
@Suite struct SessionCheckTests {
    @Test func `a live session is 204 with exactly who it is`() async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        try await counter.storage.change("ada") { $0.with(groups: ["admin", "editors"]) }
        let cookie = try await counter.logIn()
        let me = try await counter.answer(.get("/me", cookie: cookie)).json
        let id = try #require(me.text("id"))
        let session = try #require(me["session"]?.text("id"))
        for policy in ["user", "admin"] {
            let response = await counter.check(policy, cookie: cookie)
            #expect(response.status == 204)
            #expect(response.body.isEmpty)
            #expect(
                String(decoding: response.fields, as: UTF8.self)
                    == "X-Auth-User: ada\r\nX-Auth-Id: \(id)\r\nX-Auth-Groups: admin,editors\r\n"
                    + "X-Auth-Session: \(session)\r\n"
            )
        }
    }

    @Test func `somebody in no group has an empty list of groups`() async throws {
        let counter = try Counter()
        let response = await counter.check(cookie: try await counter.signUp())
        #expect(response.values(of: "X-Auth-Groups") == [""])
    }

    @Test(arguments: ["user", "admin", "nosuch", ""])
    func `without a session every policy is 401 and says nothing of anybody`(policy: String)
        async throws
    {
        let counter = try Counter()
        _ = try await counter.signUp()
        let unknown = "__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        for cookie in ["", unknown] {
            let response = await counter.check(policy, cookie: cookie)
            #expect(response.status == 401 && response.body.isEmpty)
            #expect(
                String(decoding: response.fields, as: UTF8.self) == "X-Auth-Reason: no-session\r\n"
            )
        }
    }

    @Test(arguments: [["editors"], ["Admin"], ["admin "], ["administrators", "xadmin"], []])
    func `admin is 403 for whoever is not in the group, and an event (ASVS 16.3.2)`(
        groups: [String]
    ) async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        try await counter.storage.change("ada") { $0.with(groups: groups) }
        let cookie = try await counter.logIn()
        let response = await counter.check("admin", cookie: cookie)
        #expect(response.status == 403 && response.body.isEmpty)
        #expect(
            String(decoding: response.fields, as: UTF8.self) == "X-Auth-Reason: group admin\r\n"
        )
        let me = try await counter.answer(.get("/me", cookie: cookie)).json
        #expect(me.text("role") == "user")
        let user = try #require(me.text("id"))
        let session = try #require(me["session"]?.text("id"))
        #expect(
            counter.events.events.last
                == .accessDenied(policy: "admin", user: user, session: session)
        )
        #expect(await counter.check("user", cookie: cookie).status == 204)
    }

    @Test(arguments: ["", "User", "ADMIN", "user ", "users", "admin,user", "../user", "*", "üser"])
    func `an unknown policy is 403 for everybody, administrators too`(policy: String)
        async throws
    {
        let counter = try Counter()
        _ = try await counter.signUp()
        try await counter.storage.change("ada") { $0.with(groups: ["admin"]) }
        let response = await counter.check(policy, cookie: try await counter.logIn())
        #expect(response.status == 403)
        #expect(
            String(decoding: response.fields, as: UTF8.self) == "X-Auth-Reason: unknown-policy\r\n"
        )
        #expect(counter.events.events.last == .unknownPolicy(name: policy))
    }

    @Test(
        arguments: [
            ("Zoë", "Zoë"), ("李", "李"), ("ada@example.org", "ada@example.org"),
            ("a\r\nX-Auth-Groups: admin", "a??X-Auth-Groups: admin"), ("a\nb", "a?b"),
            ("a\u{0}b", "a?b"), ("\r\n\r\n<html>", "????<html>"), ("a\u{7F}", "a?"),
            ("e\u{301}", "e\u{301}"),
        ]
    )
    func `a name goes out as it is, and cannot add a field`(name: String, shown: String)
        async throws
    {
        let counter = try Counter()
        _ = try await counter.signUp()
        try await counter.storage.change("ada") {
            $0.with(username: name).with(groups: ["x\r\nX-Auth-Id: 1"])
        }
        let response = await counter.check(cookie: try await counter.logIn())
        #expect(response.status == 204)
        let names = ["X-Auth-User", "X-Auth-Id", "X-Auth-Groups", "X-Auth-Session"]
        #expect(response.fieldNames == names)
        let lines = response.fields.split(separator: UInt8(ascii: "\n"))
        #expect(lines.first.map { Array($0) } == Array("X-Auth-User: \(shown)\r".utf8))
        #expect(response.values(of: "X-Auth-Groups") == ["x??X-Auth-Id: 1"])
    }

    @Test func `a check uses the session, so that it does not end as idle`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        for _ in 0..<2 {
            counter.clock.advance(by: 28_000)
            #expect(await counter.check(cookie: cookie).status == 204)
        }
        counter.clock.advance(by: 28_800)
        #expect(await counter.check(cookie: cookie).status == 401)
    }

    @Test func `a check costs no hash and writes no event when it passes`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let before = (counter.hashCount, counter.events.events.count)
        counter.stopHashing()
        #expect(await counter.check(cookie: cookie).status == 204)
        #expect(counter.hashCount == before.0)
        #expect(counter.events.events.count == before.1)
    }
}
