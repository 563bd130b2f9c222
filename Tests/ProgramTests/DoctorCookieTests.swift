import Testing
import coatcheck

/// How the doctor judges the session cookie.
@Suite struct DoctorCookieTests {
    private func findings(
        _ cookie: String?,
        _ text: String = "",
        at url: String = "https://a",
        status: Int = 204
    ) throws -> [Finding] {
        let site = try #require(SiteURL(url))
        return CookieExamination(
            site: site,
            wanted: CookieExamination.Wanted(try settings(text), mount: site.mount),
            logout: Answer(status: status, fields: cookie.map { [("Set-Cookie", $0)] } ?? [])
        ).findings
    }

    /// ASVS 3.3.1 to 3.3.4.
    @Test func `the cookie of each setting is fine`() throws {
        let end = "HttpOnly; SameSite=Lax; Max-Age=0"
        #expect(
            try findings("__Host-session=; Path=/; Secure; \(end)").map(\.verdict) == [.ok]
        )
        #expect(
            try findings(
                "__Secure-session=; Path=/auth; Secure; \(end)",
                at: "https://a/auth"
            ).map(\.verdict) == [.ok, .warning]
        )
        #expect(
            try findings(
                "__Host-t=; Path=/; Secure; \(end)",
                "cookie: {name: t, path: /}",
                at: "https://a/auth"
            ).map(\.verdict) == [.ok]
        )
        #expect(
            try findings("session=; Path=/; \(end)", "cookie.secure: false", at: "http://a")
                .map(\.verdict) == [.ok]
        )
    }

    @Test(
        arguments: [
            nil, "session=; Path=/; Secure; HttpOnly; SameSite=Lax",
            "__Host-session=; Path=/; HttpOnly; SameSite=Lax",
            "__Host-session=; Path=/; Secure; SameSite=Lax",
            "__Host-session=; Path=/; Secure; HttpOnly",
            "__Host-session=; Path=/; Secure; HttpOnly; SameSite=None",
            "__Host-session=; Path=/auth; Secure; HttpOnly; SameSite=Lax",
            "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Domain=a",
            "__Host-session2=; Path=/; Secure; HttpOnly; SameSite=Lax", "", ";;",
        ]
    )
    func `a cookie that was changed on the way is a problem`(cookie: String?) throws {
        #expect(try findings(cookie).map(\.verdict) == [.problem])
    }

    @Test func `a cookie beside another one is found`() throws {
        let site = try #require(SiteURL("https://a"))
        let cookie = "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
        let examination = CookieExamination(
            site: site,
            wanted: CookieExamination.Wanted(try settings(""), mount: ""),
            logout: Answer(status: 303, fields: [("Set-Cookie", "a=b"), ("Set-Cookie", cookie)])
        )
        #expect(examination.findings.map(\.verdict) == [.ok])
    }

    @Test func `the scheme of the site and cookie-secure must agree`() throws {
        let end = "HttpOnly; SameSite=Lax"
        #expect(
            try findings("session=; Path=/; \(end)", "cookie.secure: false").map(\.verdict)
                == [.ok, .problem]
        )
        #expect(
            try findings("__Host-session=; Path=/; Secure; \(end)", at: "http://a").map(\.verdict)
                == [.ok, .problem]
        )
    }

    @Test(arguments: [403, 404, 500, 503])
    func `a logout that fails is a problem`(status: Int) throws {
        #expect(try findings(nil, status: status).map(\.verdict) == [.problem])
    }
}
