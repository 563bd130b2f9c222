internal import HTTP
internal import Sessions

/// Finds the route of a request.
struct Router: Sendable {
    private let routes: [Route]

    init(_ routes: [Route]) {
        self.routes = routes
    }

    /// Returns the route for a request; HEAD works where GET does.
    ///
    /// Every path exists under `/api` too, where it is the same route.
    /// - Throws: 404 for a path that no route has, 405 with the methods that it has.
    func route(for request: Request) throws(Problem) -> Route {
        var path = request.path[...]
        if path.hasPrefix("/api/") { path = path.dropFirst("/api".count) }
        let candidates = routes.filter { $0.path == path }
        guard !candidates.isEmpty else { throw .notFound }
        let wanted = request.method == .head ? .get : request.method
        guard let route = candidates.first(where: { $0.method == wanted }) else {
            let methods = candidates.map(\.method)
            throw .methodNotAllowed(methods.contains(.get) ? methods + [.head] : methods)
        }
        return route
    }
}

/// Answers a visit by anybody.
typealias OpenHandler = @Sendable (Visit) async throws(Problem) -> Response

/// Answers a visit by somebody with a live session.
typealias SessionHandler = @Sendable (Visit, LiveSession) async throws(Problem) -> Response

/// A path, a method, and what answers them.
struct Route: Sendable {
    let method: Method
    let path: String
    let handler: Handler

    /// What answers a request, and whether it needs a session.
    enum Handler: Sendable {
        /// Answers anybody.
        case open(@Sendable (Site) -> OpenHandler)
        /// Answers people with a live session; others get 401 or the login page.
        case session(@Sendable (Site) -> SessionHandler)
    }

    init(_ method: Method, _ path: String, _ handler: Handler) {
        self.method = method
        self.path = path
        self.handler = handler
    }
}
