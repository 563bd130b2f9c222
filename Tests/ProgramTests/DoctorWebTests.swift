import Testing
import coatcheck

/// How the doctor judges what nginx answers.
@Suite struct DoctorWebTests {
    private static let headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Strict-Transport-Security", "max-age=31536000"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        (
            "Content-Security-Policy",
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
        ),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ]

    private func page(_ mount: String) -> Answer {
        Answer(
            status: 200,
            fields: Self.headers,
            body: "<main><form action=\"\(mount)/login\" method=\"post\">"
        )
    }

    private func site(_ text: String) throws -> SiteURL {
        try #require(SiteURL(text))
    }

    // MARK: URL

    @Test(
        arguments: [
            ("https://a.example", "https://a.example", ""),
            ("https://A.example/", "https://a.example", ""),
            ("http://localhost:8080/auth/", "http://localhost:8080", "/auth"),
            ("https://[::1]:8443/a/b", "https://[::1]:8443", "/a/b"),
        ]
    )
    func `a URL is an origin and a mount`(text: String, origin: String, mount: String) throws {
        let url = try site(text)
        #expect(url.origin == origin)
        #expect(url.mount == mount)
    }

    @Test(
        arguments: [
            "", "a.example", "ftp://a.example", "HTTPS://a.example", "https://",
            "https:///login", "https://u@a.example", "https://a.example?x", "https://a.example/#",
            "https://a.example/a//b", "https://a.example/%2e", "https://a.example/..",
            "https://a.example\r\nX: y", "https://a b", "https://ä.example",
        ]
    )
    func `anything else is no URL of a site`(text: String) {
        #expect(SiteURL(text) == nil)
    }

    // MARK: Answer

    @Test func `an answer is read over HTTP and over FastCGI`() throws {
        let web = try #require(
            Answer(Array("HTTP/1.1 404 Not Found\r\nA: 1\r\nset-cookie:  x \r\n\r\nbody\r\n".utf8))
        )
        #expect(web.status == 404)
        #expect(web.value("set-cookie") == "x")
        #expect(web.body == "body\r\n")
        let plain = try #require(Answer(Array("Status: 401\r\nA: b\r\n\r\n".utf8)))
        #expect(plain.status == 401)
        #expect(plain.body.isEmpty)
    }

    @Test func `an interim answer is passed over`() throws {
        let text = "HTTP/1.1 103 Early Hints\r\nA: 1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
        #expect(try #require(Answer(Array(text.utf8))).status == 200)
    }

    @Test(
        arguments: [
            "", "\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n", "220 mail ready\r\n\r\n",
            "Status: x\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
        ]
    )
    func `what is no answer is none`(text: String) {
        #expect(Answer(Array(text.utf8)) == nil)
    }

    // MARK: Page

    private func judged(_ answer: Answer, at url: String, isAnswering: Bool = true) throws
        -> [Finding]
    {
        PageExamination(
            site: try site(url),
            page: answer,
            isAnswering: isAnswering,
            socketPath: "/run/x.sock"
        ).findings
    }

    @Test func `the form must lead back to the mount`() throws {
        #expect(try judged(page(""), at: "https://a").map(\.verdict) == [.ok])
        #expect(try judged(page("/auth"), at: "https://a/auth").map(\.verdict) == [.ok])
        let wrong = try judged(page("/auth"), at: "https://a")
        #expect(wrong.map(\.verdict) == [.problem])
        #expect(wrong.first?.mend?.contains("https://a/auth") == true)
    }

    @Test(arguments: [200, 204, 302, 400, 401, 403, 404, 418, 500, 502, 503, 504])
    func `whatever is no login page is a problem`(status: Int) throws {
        let answer = Answer(status: status, fields: [("Content-Type", "text/html")], body: "Hello")
        #expect(try judged(answer, at: "https://a").map(\.verdict) == [.problem])
    }

    @Test func `nginx that has another socket is told which`() throws {
        let gone = Answer(status: 503)
        #expect(try judged(gone, at: "https://a").first?.mend?.contains("/run/x.sock") == true)
        let dead = try judged(gone, at: "https://a", isAnswering: false)
        #expect(dead.first?.mend?.contains("/run/x.sock") == false)
    }

    // MARK: Headers

    @Test func `headers as the snippets set them are fine`() {
        let findings = HeaderExamination(isSecure: true, page: page("")).findings
        #expect(findings.map(\.verdict) == [.ok])
    }

    /// ASVS 3.4.1, 3.4.3, 3.4.4, 3.4.5, 3.4.6, 3.4.8 and 14.3.2.
    @Test(
        arguments: [
            ("Strict-Transport-Security", "max-age=31535999"),
            ("Strict-Transport-Security", "includeSubDomains"),
            ("X-Content-Type-Options", "sniff"),
            ("Referrer-Policy", "unsafe-url"), ("Referrer-Policy", "no-referrer"),
            ("Content-Security-Policy", "default-src 'none'; base-uri 'none'"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
            ("Content-Security-Policy", "base-uri 'none'; frame-ancestors 'none'"),
            ("Content-Security-Policy", "default-src *; base-uri 'none'; frame-ancestors 'none'"),
            ("Cross-Origin-Opener-Policy", "unsafe-none"),
            ("Cache-Control", "max-age=60"),
        ]
    )
    func `each header that is weak or missing is one problem`(name: String, value: String) {
        let others = Self.headers.filter { $0.0 != name }
        for fields in [others, others + [(name, value)]] {
            let answer = Answer(status: 200, fields: fields)
            let findings = HeaderExamination(isSecure: true, page: answer).findings
            #expect(findings.map(\.verdict) == [.problem], "\(fields)")
        }
    }

    @Test func `plain http needs no Strict-Transport-Security`() {
        let fields = Self.headers.filter { $0.0 != "Strict-Transport-Security" }
        let answer = Answer(status: 200, fields: fields)
        let findings = HeaderExamination(isSecure: false, page: answer).findings
        #expect(findings.map(\.verdict) == [.ok])
    }

    // MARK: Boundary

    @Test func `a site that keeps its boundaries has no problem`() {
        let findings = BoundaryExamination(login: 401, claim: 401, check: 404, health: 403).findings
        #expect(findings.map(\.verdict) == [.ok, .ok, .ok, .ok])
    }

    @Test(arguments: [200, 204, 303, 400, 403, 404, 500, 502, 503])
    func `a made-up login that gets anything but 401 is a problem`(status: Int) {
        let findings = BoundaryExamination(login: status, claim: 401, check: 404, health: 200)
            .findings
        #expect(findings.filter { $0.verdict == .problem }.count == 1)
    }

    @Test func `a limit that is reached is no problem`() {
        let findings = BoundaryExamination(login: 429, claim: 401, check: 404, health: 200)
            .findings
        #expect(findings.map(\.verdict) == [.warning, .ok, .ok, .ok])
    }

    /// ASVS 4.1.3.
    @Test(arguments: [200, 204, 302, 403, 500])
    func `a claim or a check that gets through is a problem`(status: Int) {
        let findings = BoundaryExamination(login: 401, claim: status, check: status, health: 200)
            .findings
        #expect(findings.filter { $0.verdict == .problem }.count == 2)
    }

    // MARK: Connection

    @Test(arguments: [6, 7, 28, 35, 51, 52, 56, 60, -1, 99] as [Int32])
    func `a failure of curl is a problem with its own words`(status: Int32) throws {
        let examination = ConnectionExamination(
            site: try site("https://a"),
            failure: .failed(status: status, complaint: "curl: why"),
            isInsecure: false
        )
        #expect(examination.findings.map(\.verdict) == [.problem])
        #expect(examination.findings.first?.text.contains("curl: why") == true)
    }

    @Test func `what cannot be trusted is a warning where it was asked for`() throws {
        let verdicts = { (url: String, isInsecure: Bool) in
            ConnectionExamination(site: try site(url), failure: nil, isInsecure: isInsecure)
                .findings.map(\.verdict)
        }
        #expect(try verdicts("https://a", false) == [.ok])
        #expect(try verdicts("https://a", true) == [.warning])
        #expect(try verdicts("http://a", false) == [.warning])
    }
}
