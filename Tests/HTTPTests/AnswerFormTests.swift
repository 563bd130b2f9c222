import HTTP
import Testing

@Suite struct AnswerFormTests {
    private static let browser =
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
    private static let form = "application/x-www-form-urlencoded"

    @Test(
        arguments: [
            (browser, AnswerForm.page), ("text/html", .page), ("TEXT/HTML", .page),
            ("application/xhtml+xml", .page), ("text/html;q=0.001", .page),
            ("text/html; q=1.000", .page),
            ("text/html, application/json", .page),
            ("text/html;q=0.9, application/json;q=0.8", .page),
            ("text/html;level=\"a,b\";q=0.5", .page), (" , ,text/html", .page),
            ("garbage, text/html", .page), ("a/b;x=\"un, text/html", .page),
            (nil, .json), ("*/*", .json), ("text/*", .json), ("application/json", .json),
            ("text/html;q=0", .json), ("text/html;q=0.0", .json), ("text/html;q=0.000", .json),
            ("application/json, text/html;q=0.9", .json),
            ("text/html;q=0.5, application/json;q=0.6", .json),
            ("text/html;q=2", .json), ("text/html;q=1.001", .json), ("text/html;q=0.1234", .json),
            ("text/html;q=-1", .json), ("text/html;q=", .json), ("text/html;q=.5", .json),
            ("text/html;q=0;q=1", .json), ("text/htmlx", .json), ("xtext/html", .json),
            ("text / html", .json), ("text/html text/html", .json), ("\0", .json), (";q=1", .json),
        ] as [(String?, AnswerForm)]
    )
    func `Accept that names a page and does not prefer JSON gets a page`(
        accept: String?,
        form: AnswerForm
    ) {
        #expect(AnswerForm(for: Request(method: .get, path: "/login", accept: accept)) == form)
    }

    @Test(
        arguments: [
            (nil, AnswerForm.page), ("*/*", .page), ("image/png", .page), (browser, .page),
            ("application/json;q=0", .page), ("application/json", .json),
            ("application/json, */*;q=0.1", .json), ("application/problem+json", .json),
            ("application/json;q=0.5, text/html", .page),
            ("application/json, text/html;q=0.1", .json),
        ] as [(String?, AnswerForm)]
    )
    func `a posted form gets a page unless Accept names JSON`(accept: String?, form: AnswerForm) {
        let request = Request(
            method: .post,
            path: "/login",
            contentType: Self.form + ";charset=utf-8",
            accept: accept
        )
        #expect(AnswerForm(for: request) == form)
    }

    @Test(arguments: [nil, "*/*", browser])
    func `a body in JSON is answered in JSON`(accept: String?) {
        let request = Request(
            method: .post,
            path: "/login",
            contentType: "application/json",
            accept: accept
        )
        #expect(AnswerForm(for: request) == .json)
    }

    @Test(arguments: [
        ("/api", AnswerForm.json), ("/api/", .json), ("/api/login", .json), ("/apis", .page),
        ("/apiary/x", .page), ("/x/api/", .page), ("/API/login", .page),
    ])
    func `every path under /api is JSON`(path: String, form: AnswerForm) {
        let request = Request(
            method: .post,
            path: path,
            contentType: Self.form,
            accept: Self.browser
        )
        #expect(AnswerForm(for: request) == form)
    }

    @Test func `an Accept of a megabyte is read as far as 1024 bytes`() {
        let noise = String(repeating: "a/b,", count: 250_000)
        #expect(
            AnswerForm(for: Request(method: .get, path: "/", accept: noise + "text/html")) == .json
        )
        #expect(
            AnswerForm(for: Request(method: .get, path: "/", accept: "text/html," + noise)) == .page
        )
    }
}
