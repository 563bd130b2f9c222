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
    /// Every path exists under `/api` too, where it is the same route; pages do not.
    /// - Throws: 404 for a path that no route has, 405 with the methods that it has.
    func route(for request: Request) throws(Problem) -> Route {
        let isAPI = request.path.hasPrefix("/api/")
        let path = isAPI ? request.path.dropFirst("/api".count) : request.path[...]
        let candidates = routes.filter { $0.path == path && !(isAPI && $0.isPage) }
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
    /// The form of its answers, where it has one only.
    let form: AnswerForm?

    /// What answers a request, and whether it needs a session.
    enum Handler: Sendable {
        /// Answers anybody with a page.
        case page(@Sendable (Site) -> OpenHandler)
        /// Answers anybody, in the form that was asked for.
        case open(@Sendable (Site) -> OpenHandler)
        /// Answers people with a live session; others get 401 or the login page.
        case session(@Sendable (Site) -> SessionHandler)
    }

    /// Whether there is nothing but a page, so that `/api` does without it.
    var isPage: Bool {
        if case .page = handler { true } else { false }
    }

    init(_ method: Method, _ path: String, _ handler: Handler, form: AnswerForm? = nil) {
        self.method = method
        self.path = path
        self.handler = handler
        self.form = form
    }
}
