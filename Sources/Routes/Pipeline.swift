package import HTTP
internal import Sessions
internal import Telemetry

extension Site {
    /// Answers a request to one of our own routes: THE ORDER in which it is judged.
    ///
    /// 1. Is there such a path, and does it know the method?    404, 405
    /// 2. Does the request come from our own pages?             403
    /// 3. Did the body arrive, within its limit?                400, 413
    /// 4. Is there a live session, where the route needs one?   401, or the login page
    /// 5. The route's handler.
    /// 6. What every answer carries: no-store, and no body for HEAD.
    package func answer(_ request: Request) async -> Response {
        var visit = Visit(request)
        var response: Response
        do throws(Problem) {
            let route = try Site.router.route(for: request)
            visit = Visit(request, form: route.form)
            guard OriginCheck.allows(request) else {
                record(.crossOriginRefused(path: route.path, from: visit.origin))
                throw .crossOrigin
            }
            try visit.checkBody()
            switch route.handler {
            case .page(let handler), .open(let handler):
                response = try await handler(self)(visit)
            case .session(let handler):
                guard let session = try await session(of: visit) else {
                    throw .authenticationRequired
                }
                response = try await handler(self)(visit, session)
            }
        } catch {
            response = self.response(to: error, of: visit)
        }
        response.add("Cache-Control", "no-store")  // ASVS 14.3.2
        if request.method == .head { response.body = [] }
        return response
    }

    /// Tells the visitor of a problem in the form that was asked for.
    func response(to problem: Problem, of visit: Visit) -> Response {
        guard visit.form == .page else { return problem.json() }
        let request = visit.request
        if problem == .authenticationRequired, request.method?.isSafe == true {
            return .redirect(loginPath(from: request))
        }
        var response = pages.error(problem, of: visit)
        problem.addFields(to: &response)
        return response
    }

    /// The path of the login page that leads back to where the request was going.
    func loginPath(from request: Request) -> String {
        let login = request.mount + "/login"
        guard let origin = ReturnPath(request.requestURI, allowedHosts: []) else { return login }
        return login + "?next=" + Percent.encodeQueryValue(origin.location)
    }
}
