import Accounts
import HTTP
import Routes
import Telemetry
import TestStorage
import Testing

/// What is held about me, and deleting it.
@Suite struct AccountDataTests {
    private static let deletions: [(Method, String, Bool)] = [
        (.delete, "/account", false), (.post, "/account/delete", false),
        (.post, "/account/delete", true),
    ]

    private func deletion(_ way: Int, cookie: String) -> Request {
        let (method, path, isForm) = Self.deletions[way]
        return isForm
            ? .form(path, ["confirm": "on"], cookie: cookie)
            : .send(method, path, ["confirm": true], cookie: cookie)
    }

    @Test func `I can download what is held about me, and nobody's secrets are in it`()
        async throws
    {
        let record = AuditRecord(
            at: 1_769_860_800,
            event: "authn_login_success",
            user: "u",
            by: nil,
            session: "s",
            address: "192.0.2.7",
            request: "r"
        )
        let counter = try Counter(audit: [record])
        let cookie = try await counter.signUp()
        _ = try await counter.signUp("grace")
        for request in [
            Request.get("/account/data", cookie: cookie), .page("/account/data", cookie: cookie),
        ] {
            let response = await counter.answer(request)
            #expect(response.status == 200)
            #expect(
                response.value(of: "Content-Disposition") == #"attachment; filename="account.json""#
            )
            let json = try response.json
            #expect(json["account"]?.text("username") == "ada")
            #expect(json["knownDevices"] == [["lastLoginAt": "2026-01-31T12:00:00Z"]])
            guard case .array(let sessions) = json["sessions"] else { throw NotJSON() }
            #expect(sessions.count == 1 && sessions[0]["current"] == .bool(true))
            #expect(
                json["events"] == [
                    [
                        "at": "2026-01-31T12:00:00Z", "event": "authn_login_success",
                        "session": "s", "ip": "192.0.2.7",
                    ]
                ]
            )
            for secret in ["argon2", String(cookie.suffix(43)), "grace"] {
                #expect(!response.holds(secret))
            }
        }
    }

    @Test func `an audit trail that cannot be read is 503, not an incomplete answer`()
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        counter.setReady(false)
        let response = await counter.answer(.get("/account/data", cookie: cookie))
        #expect(response.status == 503 && response.slug == "storage-unavailable")
    }

    @Test(arguments: 0..<3)
    func `deleting my account ends all my sessions and forgets my devices (ASVS 7.4.2)`(
        way: Int
    ) async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let other = try await counter.logIn()
        let grace = try await counter.signUp("grace")
        for live in [cookie, other] { #expect(await counter.status(with: live) == 200) }
        let id = try await counter.id(of: "ada")
        let response = await counter.answer(deletion(way, cookie: cookie))
        #expect(response.status == (Self.deletions[way].2 ? 303 : 204))
        #expect(response.location == (Self.deletions[way].2 ? "/login" : nil))
        let names = response.values(of: "Set-Cookie").map { $0.prefix { $0 != ";" } }
        #expect(names == ["__Host-session=", "__Host-device="])
        #expect(response.value(of: "Clear-Site-Data") == #""cache""#)
        let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")
        let events = counter.events.events.suffix(3)
        #expect(events.first == .userDeleted(user: id, by: nil, from: origin))
        #expect(
            counter.events(after: counter.events.events.count - 2).allSatisfy {
                $0 == "session_revoked"
            }
        )
        for dead in [cookie, other] { #expect(await counter.check(cookie: dead).status == 401) }
        #expect(await !counter.opens("ada", with: Counter.password))
        #expect(try await counter.storage.accounts.map(\.username) == ["grace"])
        #expect(await counter.status(with: grace) == 200)
    }

    @Test func `without the box ticked nothing is deleted`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let page = await counter.answer(.page("/account/delete", cookie: cookie))
        #expect(page.status == 200 && page.holds(#"name="confirm""#))
        let form = await counter.answer(.form("/account/delete", cookie: cookie))
        #expect(form.status == 400 && form.isPage && form.holds("Please tick the box to confirm."))
        for body in [[:], ["confirm": false], ["confirm": "yes"]] as [JSON] {
            let json = await counter.answer(.json("/account/delete", body, cookie: cookie))
            #expect(json.status == 400 && json.issuePaths == ["confirm"])
        }
        #expect(await counter.status(with: cookie) == 200)
    }

    @Test(arguments: 0..<3)
    func `the last administrator cannot delete the account`(way: Int) async throws {
        let counter = try Counter()
        let cookie = try await counter.administrator()
        let response = await counter.answer(deletion(way, cookie: cookie))
        #expect(response.status == 409)
        #expect(response.isPage == Self.deletions[way].2)
        #expect(await counter.answer(.get("/users", cookie: cookie)).status == 200)
        _ = try await counter.administrator("grace")
        #expect(await counter.answer(deletion(way, cookie: cookie)).status < 400)
    }

    private struct NotJSON: Error {}
}
