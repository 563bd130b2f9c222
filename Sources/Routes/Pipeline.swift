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
    /// 5. May this person, and was the password proved lately?  403, or the page that asks for it
    /// 6. The route's handler.
    /// 7. What every answer carries: no-store, and no body for HEAD.
    ///
    /// - Returns: the answer, and the path of the route for the metrics; `nil` without one.
    package func answer(_ request: Request) async -> (response: Response, route: String?) {
        var response: Response
        var path: String?
        do throws(Problem) {
            let (route, id) = try Site.router.route(for: request)
            path = route.path
            response = await answer(Visit(request, form: route.form, id: id), by: route)
        } catch {
            response = self.response(to: error, of: Visit(request))
        }
        response.add("Cache-Control", "no-store")  // ASVS 14.3.2
        if request.method == .head { response.body = [] }
        return (response, path)
    }

    /// Steps 2 to 6.
    private func answer(_ visit: Visit, by route: Route) async -> Response {
        do throws(Problem) {
            guard OriginCheck.allows(visit.request) else {
                record(.crossOriginRefused(path: route.path, from: visit.origin))
                throw .crossOrigin
            }
            try visit.checkBody()
            return try await handle(visit, by: route)
        } catch {
            return response(to: error, of: visit)
        }
    }

    /// Steps 4 to 6.
    private func handle(_ visit: Visit, by route: Route) async throws(Problem) -> Response {
        switch route.handler {
        case .page(let handler), .open(let handler):
            return try await handler(self)(visit)
        case .session(let handler):
            return try await handler(self)(visit, try await requiredSession(of: visit))
        case .fresh(let handler):
            let live = try await requiredSession(of: visit)
            try requireFreshness(live)
            return try await handler(self)(visit, live)
        case .administrator(let handler):
            let live = try await requiredSession(of: visit)
            try requireAdministrator(live, visit, path: route.path)
            if visit.form == .page || visit.request.method?.isSafe != true {
                try requireFreshness(live)
            }
            return try await handler(self)(visit, live)
        }
    }

    /// Tells the visitor of a problem in the form that was asked for.
    func response(to problem: Problem, of visit: Visit) -> Response {
        guard visit.form == .page else { return problem.json() }
        let request = visit.request
        if problem == .authenticationRequired, request.method?.isSafe == true {
            return .redirect(path("/login", leadingBackTo: request.requestURI, request.mount))
        }
        if problem == .reauthenticationRequired {
            return .redirect(reauthenticationPath(from: request))
        }
        var response = pages.error(problem, of: visit)
        problem.addFields(to: &response)
        return response
    }

    /// The path of the page that asks for the password again and leads back to where the request
    /// was going, or to the page on which the posted form stood.
    func reauthenticationPath(from request: Request) -> String {
        let isReading = request.method?.isSafe == true
        let back =
            isReading ? request.requestURI : request.mount + Site.router.page(of: request.path)
        return path("/reauthenticate", leadingBackTo: back, request.mount)
    }

    /// The path of a page of ours that leads on to a place of this site.
    func path(_ path: String, leadingBackTo back: String, _ mount: String) -> String {
        guard let origin = ReturnPath(back, allowedHosts: []) else { return mount + path }
        return mount + path + "?next=" + Percent.encodeQueryValue(origin.location)
    }
}
