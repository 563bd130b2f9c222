import Accounts
import HTTP
import Routes
import TestStorage
import Testing

/// Whatever is put into a page stays a text there (ASVS 1.2.1).
@Suite struct EscapingTests {
    /// A hostile text and what must not be found of it in a page.
    struct Attack: Sendable, CustomTestStringConvertible {
        let text: String
        let mark: String

        init(_ text: String, mark: String) {
            self.text = text
            self.mark = mark
        }

        var testDescription: String { text }
    }

    /// The marks hold `qx`, which is in no page.
    ///
    /// A character before a combining one is another `Character` to Swift and the same code point
    /// to a browser; an escape that goes by `Character` lets it through.
    private static let attacks: [Attack] =
        ["\u{301}", "\u{200D}", "\u{FE0F}", "\u{20E3}", "\u{93F}", ""].flatMap { mark in
            [
                Attack("qx<\(mark)script>alert(1)</script>", mark: "qx<"),
                Attack("qx\"\(mark) onfocus=alert(1) autofocus x=\"", mark: "qx\""),
                Attack("qx'\(mark) onfocus=alert(1)", mark: "qx'"),
                Attack("qx>\(mark)", mark: "qx>"), Attack("qx&\(mark)lt;", mark: "qx&\(mark)lt"),
            ]
        } + [
            Attack("qx{{mount}}{{{title}}}{{&title}}", mark: "qx/auth"),
            Attack("qx\"><meta http-equiv=refresh content='0;url=//evil'>", mark: "qx\">"),
            Attack("</title>qx<b>", mark: "qx<b"), Attack("--><b>qx", mark: "<b>qx"),
        ]

    /// Every page into which a text of a visitor comes.
    private func pages(with text: String) async throws -> [Response] {
        let counter = try Counter()
        let encoded = Percent.encodeQueryValue(text)
        _ = try await counter.signUp()
        try await counter.storage.change("ada") {
            $0.with(username: text, email: text).with(groups: [text, "staff"])
        }
        let cookie = try await counter.logIn()
        let requests: [Request] = [
            .page("/login", query: "next=\(encoded)"), .page("/signup", query: "next=\(encoded)"),
            .form("/login", ["username": text, "password": "x", "next": text]),
            .form("/login", ["email": text, "next": text]),
            .form("/signup", ["username": text, "password": "x", "next": text]),
            .form("/signup", ["email": text, "password": Counter.password + text]),
            .rawForm("/login", "\(encoded)=1&\(encoded)=2"), .page("/account", cookie: cookie),
            Request.page("/nothing").with { $0.requestID = text },
        ]
        var pages: [Response] = []
        for request in requests {
            pages.append(await counter.answer(request.mounted(at: "/auth")))
        }
        pages[7] = await counter.answer(.page("/account", cookie: cookie))
        pages.append(
            counter.site.answerForbidden(.page("/dashboard"), reason: "group \(text)")
        )
        return pages
    }

    @Test(arguments: attacks)
    func `hostile text is escaped in every page, combining characters or not`(attack: Attack)
        async throws
    {
        let pages = try await pages(with: attack.text)
        let others = pages.indices.filter { !pages[$0].isPage }
        #expect(others.isEmpty)
        let leaks = pages.indices.filter { pages[$0].holds(attack.mark) }
        #expect(leaks.isEmpty)
        let mentions = pages.count { $0.holds("qx") }
        #expect(mentions >= 7, "the text was there at all")
    }

    @Test func `the first character of every special one is written as an entity`() async throws {
        let counter = try Counter()
        let page = await counter.answer(.form("/login", ["username": "qx<>&\"'z"]))
        #expect(page.holds("qx&lt;&gt;&amp;&quot;&#39;z"))
    }

    @Test func `no page has a script, an inline style or anything from elsewhere (ASVS 3.6.1)`()
        async throws
    {
        for page in try await pages(with: "https://evil.example/") {
            let text = page.text.lowercased()
            for absent in ["<script", "<style", "style=", "javascript:", " onclick", " onload"] {
                #expect(!text.contains(absent))
            }
            let links = text.matches(of: #/(?:href|src|action)="([^"]*)"/#).map(\.1)
            for link in links { #expect(link.hasPrefix("/") && !link.hasPrefix("//")) }
            #expect(text.hasPrefix("<!doctype html>"))
            #expect(!text.contains("{{") && !text.contains("optional("))
        }
    }
}
