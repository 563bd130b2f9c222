internal import HTTP
internal import Sessions

/// Finds the route of a request.
struct Router: Sendable {
    private let routes: [Route]
    /// The routes whose path has no `{id}` in it, by that path.
    private let fixed: [Substring: [Route]]

    init(_ routes: [Route]) {
        self.routes = routes
        fixed = Dictionary(grouping: routes.filter { !$0.hasID }, by: { $0.path[...] })
    }

    /// Returns the route for a request; HEAD works where GET does.
    ///
    /// Every path exists under `/api` too, where it is the same route; pages do not.
    /// - Throws: 404 for a path that no route has, 405 with the methods that it has.
    func route(for request: Request) throws(Problem) -> (route: Route, id: String?) {
        let isAPI = request.path.hasPrefix("/api/")
        let path = isAPI ? request.path.dropFirst("/api".count) : request.path[...]
        let wanted = request.method == .head ? .get : request.method
        // One look-up finds the route of nearly every request.
        let atOnce = fixed[path]?.first { $0.method == wanted && !(isAPI && $0.isPage) }
        if let atOnce { return (atOnce, nil) }
        let parts = Route.parts(of: path)
        let candidates = routes.compactMap { route -> (route: Route, id: String?)? in
            guard !(isAPI && route.isPage), let match = route.match(parts) else { return nil }
            return (route, match.id)
        }
        guard !candidates.isEmpty else { throw .notFound }
        guard let found = candidates.first(where: { $0.route.method == wanted }) else {
            let methods = candidates.map(\.route.method)
            throw .methodNotAllowed(methods.contains(.get) ? methods + [.head] : methods)
        }
        return found
    }

    /// The page on which a posted form stands: the nearest path above it that can be read.
    func page(of path: String) -> String {
        var path = path[...]
        while !path.isEmpty {
            let parts = Route.parts(of: path)
            let isPage = routes.contains { $0.method == .get && $0.match(parts) != nil }
            if isPage { return String(path) }
            path = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        }
        return "/account"
    }

    /// The paths of all routes, each once: the labels of the metrics.
    var paths: [String] {
        routes.map(\.path).reduce(into: []) { paths, path in
            if !paths.contains(path) { paths.append(path) }
        }
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

    /// The parts of the path between the slashes.
    private let parts: [Substring]

    /// What answers a request, and whether it needs a session.
    enum Handler: Sendable {
        /// Answers anybody with a page.
        case page(@Sendable (Site) -> OpenHandler)
        /// Answers anybody, in the form that was asked for.
        case open(@Sendable (Site) -> OpenHandler)
        /// Answers people with a live session; others get 401 or the login page.
        case session(@Sendable (Site) -> SessionHandler)
        /// Answers people who have proved the password lately; others are asked for it.
        case fresh(@Sendable (Site) -> SessionHandler)
        /// Answers members of the group `admin`; others get 403.
        case administrator(@Sendable (Site) -> SessionHandler)
    }

    /// Whether there is nothing but a page, so that `/api` does without it.
    var isPage: Bool {
        if case .page = handler { true } else { form == .page }
    }

    /// Whether there is an `{id}` in the path.
    var hasID: Bool { parts.contains("{id}") }

    /// The parts of a path between the slashes.
    static func parts(of path: Substring) -> [Substring] {
        Array(path.split(separator: "/", omittingEmptySubsequences: false).dropFirst())
    }

    /// What stands at `{id}` in a path of this route, given by its parts; `nil` when it is the path
    /// of another.
    func match(_ given: [Substring]) -> PathMatch? {
        guard given.count == parts.count else { return nil }
        var id: String?
        for (part, text) in zip(parts, given) where part != text {
            guard part == "{id}", !text.isEmpty else { return nil }
            id = String(text)
        }
        return PathMatch(id: id)
    }

    init(_ method: Method, _ path: String, _ handler: Handler, form: AnswerForm? = nil) {
        self.method = method
        self.path = path
        parts = Route.parts(of: path[...])
        self.handler = handler
        self.form = form
    }
}

/// That a path is one of a route, and what stands at `{id}` in it.
struct PathMatch {
    let id: String?
}
