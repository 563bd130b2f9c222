/// Whether the login page comes from Coatcheck, and leads to where nginx has mounted it.
package struct PageExamination: Examination {
    /// The site.
    package let site: SiteURL
    /// The answer to `GET /login` of a person.
    package let page: Answer
    /// Whether Coatcheck answers over its socket.
    package let isAnswering: Bool
    /// The socket that the settings name.
    package let socketPath: String

    /// Creates an examination from what was seen.
    package init(site: SiteURL, page: Answer, isAnswering: Bool, socketPath: String) {
        self.site = site
        self.page = page
        self.isAnswering = isAnswering
        self.socketPath = socketPath
    }

    /// Whether it is the login page that it must be, so that looking further makes sense.
    package var isLogin: Bool { page.status == 200 && formMount == site.mount }

    /// What to say about it, in the order of looking.
    package var findings: [Finding] {
        let place = "\(site.origin)\(site.mount)/login"
        switch page.status {
        case 200: return [form(at: place)]
        case 301, 302, 303, 307, 308:
            let target = page.value("location") ?? "nowhere"
            return [
                .problem(
                    "nginx: \(place) redirects to \(target)",
                    mend: "give the final address as --url; if it is the final one, a rewrite or "
                        + "return stands before Coatcheck's routes"
                )
            ]
        case 500, 502, 503, 504:
            return [
                .problem(
                    "nginx: \(place) gives \(page.status): it gets no answer from Coatcheck",
                    mend: isAnswering
                        ? "Coatcheck answers at \(socketPath): write that path into "
                            + "coatcheck-upstream.conf, reload nginx, and see its error log"
                        : "mend the socket and Coatcheck first, as said above"
                )
            ]
        case 404:
            return [
                .problem(
                    "nginx: there is no login at \(place) (404)",
                    mend: site.mount.isEmpty
                        ? "include snippets/coatcheck-routes.conf in this server, or give the "
                            + "mount in --url, such as \(site.origin)/auth"
                        : "include snippets/coatcheck-routes-auth.conf with this mount in this "
                            + "server, or give the right mount in --url"
                )
            ]
        default:
            return [
                .problem(
                    "nginx: \(place) gives \(page.status)",
                    mend: "see nginx's error log and the log of Coatcheck"
                )
            ]
        }
    }

    private func form(at place: String) -> Finding {
        guard let mount = formMount else {
            return .problem(
                "nginx: \(place) is a page, but not Coatcheck's login",
                mend: "another location takes /login: include snippets/coatcheck-routes.conf "
                    + "before it, or mount Coatcheck below a path of its own"
            )
        }
        guard mount == site.mount else {
            return .problem(
                "nginx: the form at \(place) leads to \(mount)/login",
                mend: "$coatcheck_mount must be \"\(site.mount)\" in this server, as the location "
                    + "says, or --url must be \(site.origin)\(mount)"
            )
        }
        return .ok("nginx: \(place) is Coatcheck's login page, and its form leads back there")
    }

    /// The mount in the address of the form; `nil` without such a form.
    private var formMount: String? {
        guard page.value("content-type")?.hasPrefix("text/html") == true else { return nil }
        for part in page.body.split(separator: "<form action=\"").dropFirst() {
            let action = part.prefix { $0 != "\"" }
            if action.hasSuffix("/login") { return String(action.dropLast("/login".count)) }
        }
        return nil
    }
}
