/// Whether the headers that protect a page are on the login page.
package struct HeaderExamination: Examination {
    /// Whether the site is https.
    package let isSecure: Bool
    /// The login page.
    package let page: Answer

    /// Creates an examination from what was seen.
    package init(isSecure: Bool, page: Answer) {
        self.isSecure = isSecure
        self.page = page
    }

    /// A year in seconds, which ASVS 3.4.1 asks of Strict-Transport-Security.
    private static let year = 31_536_000
    private static let mend =
        "the location needs `include snippets/coatcheck-security-headers.conf` and "
        + "`coatcheck-page-headers.conf`: nginx drops inherited add_header lines where a location "
        + "has its own"

    /// What to say about it, in the order of looking.
    package var findings: [Finding] {
        let wrong = faults
        guard !wrong.isEmpty else {
            return [.ok("headers: those that protect the login page are there")]
        }
        return wrong.map { .problem("headers: " + $0, mend: Self.mend) }
    }

    private var faults: [String] {
        var faults: [String] = []
        if isSecure, !hasLongTransportSecurity {
            faults.append("Strict-Transport-Security is not there with a max-age of a year")
        }
        if !hasPolicy {
            faults.append(
                "Content-Security-Policy does not hold frame-ancestors, base-uri and object-src"
            )
        }
        if page.value("x-content-type-options")?.lowercased() != "nosniff" {
            faults.append("X-Content-Type-Options: nosniff is not there")
        }
        switch page.value("referrer-policy")?.lowercased() {
        case "same-origin", "strict-origin", "strict-origin-when-cross-origin": break
        case "no-referrer":
            faults.append(
                "with Referrer-Policy: no-referrer Coatcheck refuses forms (Origin: null)"
            )
        default: faults.append("Referrer-Policy is not same-origin")
        }
        if page.value("cross-origin-opener-policy")?.lowercased() != "same-origin" {
            faults.append("Cross-Origin-Opener-Policy: same-origin is not there")
        }
        if page.value("cache-control")?.lowercased().contains("no-store") != true {
            faults.append("Cache-Control: no-store is not there")
        }
        return faults
    }

    private var hasLongTransportSecurity: Bool {
        let directives = Self.parts(page.value("strict-transport-security") ?? "")
        let age = directives.first { $0.hasPrefix("max-age=") }?.dropFirst("max-age=".count)
        return (age.flatMap { Int($0) } ?? 0) >= Self.year
    }

    /// `default-src` stands in for `object-src` only (Content Security Policy Level 3).
    private var hasPolicy: Bool {
        page.values("content-security-policy").contains { policy in
            let directives = Self.parts(policy)
            let has = { (name: String) in directives.contains { $0.hasPrefix(name + " ") } }
            return has("frame-ancestors") && has("base-uri")
                && (has("object-src") || directives.contains("default-src 'none'"))
        }
    }

    private static func parts(_ value: String) -> [String] {
        value.lowercased().split(separator: ";").map { part in
            String(part.drop { $0 == " " })
        }
    }
}
