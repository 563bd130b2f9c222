import HTTP
import Routes
import Telemetry
import TestStorage
import Testing

/// The verdicts of policies by name.
@Suite struct PolicyTests {
    private static let policies = AccessPolicies(custom: [
        "editors": AccessPolicy(groups: ["editors", "staff"]),
        "recent": AccessPolicy(maxAge: 600),
        "vault": AccessPolicy(groups: ["keepers"], maxAge: 60),
        "all": AccessPolicy(),
        // Those of the built-in names do not count.
        "admin": AccessPolicy(),
        "user": AccessPolicy(groups: ["nobody"]),
    ])

    /// A site with these policies and a session of `ada`, who is in some groups.
    private func open(_ groups: [String]) async throws -> (counter: Counter, cookie: String) {
        let counter = try Counter(policies: Self.policies)
        let cookie = try await counter.signUp()
        try await counter.storage.change("ada") { $0.with(groups: groups) }
        return (counter, cookie)
    }

    @Test(
        arguments: [
            ("editors", ["editors"], 0, 204, nil), ("editors", ["staff", "x"], 0, 204, nil),
            ("editors", [], 0, 403, "group editors,staff"),
            ("editors", ["Editors", "staffs"], 0, 403, "group editors,staff"),
            ("editors", ["admin"], 0, 403, "group editors,staff"),
            ("editors", ["staff"], 20_000, 204, nil),
            ("recent", [], 600, 204, nil), ("recent", [], 601, 401, "reauthenticate"),
            ("vault", ["keepers"], 60, 204, nil), ("vault", ["keepers"], 61, 401, "reauthenticate"),
            // Who it is comes first: asking for the password would not help.
            ("vault", [], 61, 403, "group keepers"), ("all", [], 20_000, 204, nil),
            ("admin", [], 0, 403, "group admin"), ("user", [], 0, 204, nil),
            ("unknown", ["admin"], 0, 403, "unknown-policy"),
            ("Editors", ["editors"], 0, 403, "unknown-policy"),
            ("editors,staff", ["editors"], 0, 403, "unknown-policy"),
        ] as [(String, [String], Int64, Int, String?)]
    )
    func `a policy lets pass whom it names, for as long as it says, and nobody else (ASVS 8.3.1)`(
        policy: String,
        groups: [String],
        age: Int64,
        status: Int,
        reason: String?
    ) async throws {
        let (counter, cookie) = try await open(groups)
        counter.clock.advance(by: age)
        let response = await counter.check(policy, cookie: cookie)
        #expect(response.status == status)
        #expect(response.value(of: "X-Auth-Reason") == reason)
        #expect(response.values(of: "X-Auth-User") == (status == 204 ? ["ada"] : []))
        let event = [401: "authz_step_up", 403: "authz_fail", 204: "session_created"][status]
        #expect(
            counter.events.names.last == (reason == "unknown-policy" ? "policy_unknown" : event)
        )
    }

    @Test func `a clock that was set back by more than a correction makes no proof fresh`()
        async throws
    {
        let (counter, cookie) = try await open([])
        counter.clock.advance(by: -60)
        #expect(await counter.check("recent", cookie: cookie).status == 204)
        counter.clock.advance(by: -1)
        #expect(await counter.check("recent", cookie: cookie).status == 401)
        #expect(await counter.check("user", cookie: cookie).status == 204)
        #expect(await counter.check("editors", cookie: cookie).status == 403)
    }

    @Test func `a person whom a policy refuses is told which groups are missing`() async throws {
        let (counter, cookie) = try await open([])
        let reason = try #require(
            await counter.check("editors", cookie: cookie).value(of: "X-Auth-Reason")
        )
        let page = counter.site.answerForbidden(.page("/wiki/"), reason: reason)
        #expect(
            page.status == 403 && page.isPage && page.holds("one of the groups editors, staff.")
        )
        let program = counter.site.answerForbidden(.get("/wiki/"), reason: reason)
        #expect(program.status == 403 && program.slug == "forbidden")
        let hostile = counter.site.answerForbidden(.page("/wiki/"), reason: "group <script>")
        #expect(!hostile.holds("<script>"))
    }

    @Test func `a person whose proof is too old is asked for the password and led back`()
        async throws
    {
        let (counter, _) = try await open([])
        let request = Request.page("/wiki/", query: "a=b")
        let page = counter.site.answerUnauthenticated(request, reason: "reauthenticate")
        #expect(page.location == "/reauthenticate?next=%2Fwiki%2F%3Fa%3Db")
        let program = counter.site.answerUnauthenticated(.get("/wiki/"), reason: "reauthenticate")
        #expect(program.status == 403 && program.slug == "reauthentication-required")
        for reason in ["no-session", "", "anything"] {
            let login = counter.site.answerUnauthenticated(request, reason: reason)
            #expect(login.location == "/login?next=%2Fwiki%2F%3Fa%3Db")
        }
    }
}
