internal import Sessions

/// A visit of the site from outside, in the order of a person's way.
struct SiteVisit {
    /// What was looked at.
    private(set) var examinations: [any Examination] = []
    /// The Date field of nginx, where there was an answer.
    private(set) var date: String?

    /// Visits the site; what cannot be reached ends the visit.
    init(_ settings: Settings, _ curl: Curl, isAnswering: Bool) {
        do throws(CurlFailure) {
            try walk(settings, curl, isAnswering)
        } catch {
            examinations.append(
                ConnectionExamination(site: curl.site, failure: error, isInsecure: false)
            )
        }
    }

    private mutating func walk(
        _ settings: Settings,
        _ curl: Curl,
        _ isAnswering: Bool
    ) throws(CurlFailure) {
        let site = curl.site
        var curl = curl
        let page = try loginPage(&curl)
        date = page.value("date")
        let login = PageExamination(
            site: site,
            page: page,
            isAnswering: isAnswering,
            socketPath: settings[.socketPath]
        )
        examinations.append(login)
        guard login.isLogin else { return }
        examinations.append(HeaderExamination(isSecure: site.isSecure, page: page))
        examinations.append(
            CookieExamination(
                site: site,
                wanted: CookieExamination.Wanted(settings, mount: site.mount),
                logout: try curl.ask(
                    "POST",
                    site.mount + "/api/logout",
                    fields: ["Origin: \(site.origin)"]
                )
            )
        )
        examinations.append(try Self.boundary(curl))
    }

    /// Asks for the login page; a bad certificate is told, and then passed over.
    private mutating func loginPage(_ curl: inout Curl) throws(CurlFailure) -> Answer {
        let site = curl.site
        var failure: CurlFailure?
        var page: Answer?
        do throws(CurlFailure) {
            page = try curl.ask("GET", site.mount + "/login", fields: ["Accept: text/html"])
        } catch {
            guard case .failed(let status, _) = error, !curl.isInsecure,
                ConnectionExamination.certificateStatuses.contains(status)
            else { throw error }
            failure = error
        }
        examinations.append(
            ConnectionExamination(site: site, failure: failure, isInsecure: curl.isInsecure)
        )
        if let page { return page }
        // The rest is worth looking at; nothing secret is sent.
        curl.isInsecure = true
        return try curl.ask("GET", site.mount + "/login", fields: ["Accept: text/html"])
    }

    private static func boundary(_ curl: Curl) throws(CurlFailure) -> BoundaryExamination {
        let site = curl.site
        // Names that nobody has: base64url of 256 random bits.
        let name = "doctor-" + Ticket.random().text
        let password = Ticket.random().text
        return BoundaryExamination(
            login: try curl.ask(
                "POST",
                site.mount + "/api/login",
                fields: ["Origin: \(site.origin)", "Content-Type: application/json"],
                body: "{\"username\":\"\(name)\",\"password\":\"\(password)\"}"
            ).status,
            claim: try curl.ask(
                "GET",
                site.mount + "/api/me",
                fields: ["X-Auth-User: admin", "X-Auth-Groups: admin"]
            ).status,
            check: try curl.ask("GET", "/_coatcheck/user").status,
            health: try curl.ask("GET", site.mount + "/health/live").status
        )
    }
}
