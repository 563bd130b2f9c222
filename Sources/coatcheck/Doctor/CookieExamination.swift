/// Whether browsers keep the session cookie and send it where it is wanted.
///
/// The cookie that a logout takes away has the same name and attributes as the one that a login
/// gives; a logout without a session changes nothing.
package struct CookieExamination: Examination {
    /// The site.
    package let site: SiteURL
    /// What the settings make of the cookie.
    package let wanted: Wanted
    /// The answer to `POST /logout`.
    package let logout: Answer

    /// Creates an examination from what was seen.
    package init(site: SiteURL, wanted: Wanted, logout: Answer) {
        self.site = site
        self.wanted = wanted
        self.logout = logout
    }

    /// The cookie as the settings and the mount say it must be.
    package struct Wanted: Hashable, Sendable {
        /// The name with its prefix.
        package let name: String
        /// The path.
        package let path: String
        /// Whether it is for https only.
        package let isSecure: Bool

        /// Follows the rule: `__Host-` for the path `/`, `__Secure-` for others, none on http.
        package init(_ settings: Settings, mount: String) {
            let fixed = settings[.cookiePath]
            path = fixed.isEmpty ? (mount.isEmpty ? "/" : mount) : fixed
            isSecure = settings[.cookieSecure]
            let prefix = isSecure ? (path == "/" ? "__Host-" : "__Secure-") : ""
            name = prefix + settings[.cookieName]
        }
    }

    /// What to say about it, in the order of looking.
    package var findings: [Finding] {
        var findings = [agreement]
        if site.isSecure, !wanted.isSecure {
            findings.append(
                .problem(
                    "cookie: cookie.secure is false, so the ticket also travels over plain http",
                    mend: "cookie.secure: true, and restart Coatcheck"
                )
            )
        }
        if !site.isSecure, wanted.isSecure {
            findings.append(
                .problem(
                    "cookie: browsers drop the cookie over plain http, so nobody stays logged in",
                    mend: "serve the site over https; for a trial only, cookie.secure: false"
                )
            )
        }
        if wanted.path != "/" {
            findings.append(
                .warning(
                    "cookie: it is sent to \(wanted.path) only, so places outside of it cannot "
                        + "be guarded",
                    mend: "cookie.path: / if there are such places"
                )
            )
        }
        return findings
    }

    /// Whether the site gives the cookie that the settings describe.
    private var agreement: Finding {
        guard logout.status < 400 else {
            return .problem(
                "cookie: POST \(site.mount)/api/logout gives \(logout.status)",
                mend: logout.status == 403
                    ? "Coatcheck takes the request for a foreign site's: HTTP_HOST in "
                        + "coatcheck-params.conf must be $http_host, and a proxy in front must "
                        + "keep Host and say https"
                    : "see the log of Coatcheck"
            )
        }
        let cookies = logout.values("set-cookie").map(Self.attributes)
        guard let cookie = cookies.first(where: { $0.first?.hasPrefix(wanted.name + "=") == true })
        else {
            return .problem(
                "cookie: the site sets no cookie \(wanted.name)",
                mend: "the server runs with other settings than these (restart it, or give its "
                    + "file as --config), or nginx changes Set-Cookie"
            )
        }
        let must =
            ["httponly", "samesite=lax", "path=" + wanted.path.lowercased()]
            + (wanted.isSecure ? ["secure"] : [])
        let attributes = Set(cookie.dropFirst().map { $0.lowercased() })
        let missing = must.filter { !attributes.contains($0) }
        guard missing.isEmpty, !attributes.contains(where: { $0.hasPrefix("domain=") }) else {
            return .problem(
                "cookie: \(wanted.name) is not as Coatcheck sets it: "
                    + (missing.isEmpty
                        ? "it has a Domain" : "without \(missing.joined(separator: ", "))"),
                mend: "remove what changes Set-Cookie on the way (fastcgi_hide_header, "
                    + "proxy_cookie_path, proxy_cookie_domain, proxy_cookie_flags), or restart "
                    + "Coatcheck after a change of its settings"
            )
        }
        return .ok("cookie: \(wanted.name) with \(must.joined(separator: ", "))")
    }

    /// The name with its value, then the attributes.
    private static func attributes(_ field: String) -> [String] {
        field.split(separator: ";").map { part in String(part.drop { $0 == " " }) }
    }
}
