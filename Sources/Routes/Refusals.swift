package import HTTP

extension Site {
    /// Answers for a guarded place that nginx refused with 401.
    ///
    /// A person on the way to a page is sent to the login with the whole original URL in `next`;
    /// anything else, such as a script's request, gets 401, since it can do nothing with the HTML
    /// of a login page.
    ///
    /// - Parameters:
    ///   - request: the request for the guarded place.
    ///   - reason: what the check gave as its reason: `reauthenticate` when there is a session, but
    ///     the policy wants the password again.
    package func answerUnauthenticated(
        _ request: Request,
        reason: String = "no-session"
    ) -> Response {
        let isStale = reason == Site.reauthenticateReason
        var response: Response
        if request.isNavigation {
            response = .redirect(
                path(
                    isStale ? "/reauthenticate" : "/login",
                    leadingBackTo: request.requestURI,
                    request.mount
                )
            )
        } else {
            response =
                isStale
                ? Problem.reauthenticationRequired.json() : Problem.authenticationRequired.json()
        }
        response.add("Cache-Control", "no-store")
        return response
    }

    /// Answers for a guarded place that nginx refused with 403, with what is missing.
    ///
    /// - Parameters:
    ///   - request: the request for the guarded place.
    ///   - reason: what the check gave as its reason, for example `group admin`.
    package func answerForbidden(_ request: Request, reason: String) -> Response {
        let prefix = "group "
        let names = reason.hasPrefix(prefix) ? reason.dropFirst(prefix.count) : ""
        let groups = names.split(separator: ",").map(String.init)
        let problem = Problem.forbidden(missing: groups)
        var response =
            request.isNavigation ? pages.error(problem, of: Visit(request)) : problem.json()
        response.add("Cache-Control", "no-store")
        return response
    }
}
