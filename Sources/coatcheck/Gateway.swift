internal import FastCGI
internal import HTTP
internal import Routes
internal import Telemetry

/// The one place where FastCGI meets the routes: it reads the parameters that our nginx files
/// send and asks the right part of the site.
struct Gateway: Sendable {
    /// The site that answers now.
    let site: Current<Site>
    let metrics: Metrics

    /// The most bytes of a body; more is answered with 413.
    static let bodyLimit = 65_536

    /// Answers one request, and counts it.
    @Sendable
    func respond(to request: borrowing FastCGI.Request) async -> Response {
        metrics.workerBegan()
        defer { metrics.workerEnded() }
        let site = site.value
        // A mount that is no path would make cookies and links that lead nowhere, or worse.
        let mount = request.parameter("SCRIPT_NAME") ?? ""
        guard mount.isEmpty || Gateway.isMount(mount) else {
            return Response(status: 500)
        }
        switch request.parameter("COATCHECK_MODE") ?? "" {
        case "check":
            let start = ContinuousClock.now
            let policy = request.parameter("COATCHECK_POLICY") ?? ""
            let question = request.withParameter("HTTP_COOKIE") { cookies in
                CheckQuestion(policy: policy, cookies: cookies, mount: mount, of: site)
            }
            guard let question else { return Response(status: 401) }
            let response = await site.answer(question)
            let duration = (ContinuousClock.now - start) / .nanoseconds(1)
            metrics.checked(status: response.status, nanoseconds: Int64(duration))
            return response
        case "login":
            let reason = request.parameter("COATCHECK_REASON") ?? ""
            let response = site.answerUnauthenticated(read(request, mount), reason: reason)
            metrics.answered(route: "guard", status: response.status)
            return response
        case "denied":
            let reason = request.parameter("COATCHECK_REASON") ?? ""
            let response = site.answerForbidden(read(request, mount), reason: reason)
            metrics.answered(route: "guard", status: response.status)
            return response
        case "":
            let (response, route) = await site.answer(read(request, mount, withBody: true))
            metrics.answered(route: route ?? "none", status: response.status)
            return response
        default:
            return Response(status: 500)
        }
    }

    /// Whether a text is a path of names without special characters: "/auth", "/a/b".
    private static func isMount(_ text: String) -> Bool {
        text.hasPrefix("/")
            && text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
                .allSatisfy { name in
                    !name.isEmpty
                        && name.utf8.allSatisfy { byte in
                            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
                                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                        }
                }
    }

    /// Reads a request of FastCGI into the value that the routes know.
    private func read(
        _ request: borrowing FastCGI.Request,
        _ mount: String,
        withBody: Bool = false
    ) -> HTTP.Request {
        HTTP.Request(
            method: request.parameter("REQUEST_METHOD").flatMap { Method(token: $0) },
            mount: mount,
            path: path(request.parameter("DOCUMENT_URI") ?? "", within: mount),
            query: request.parameter("QUERY_STRING") ?? "",
            requestURI: request.parameter("REQUEST_URI") ?? "",
            host: request.parameter("HTTP_HOST") ?? "",
            isSecure: request.parameter("HTTPS") == "on",
            remoteAddress: request.parameter("REMOTE_ADDR") ?? "",
            requestID: request.parameter("REQUEST_ID") ?? "",
            contentType: request.parameter("CONTENT_TYPE"),
            accept: request.parameter("HTTP_ACCEPT"),
            origin: request.parameter("HTTP_ORIGIN"),
            secFetchSite: request.parameter("HTTP_SEC_FETCH_SITE"),
            secFetchMode: request.parameter("HTTP_SEC_FETCH_MODE"),
            secFetchDest: request.parameter("HTTP_SEC_FETCH_DEST"),
            requestedWith: request.parameter("HTTP_X_REQUESTED_WITH"),
            userAgent: HTTP.Request.cut(userAgent: request.bytes(of: "HTTP_USER_AGENT")),
            cookie: request.bytes(of: "HTTP_COOKIE"),
            body: withBody ? body(of: request) : .bytes([])
        )
    }

    private func body(of request: borrowing FastCGI.Request) -> HTTP.Request.Body {
        do throws(BodyError) {
            return .bytes(try request.body(atMost: Gateway.bodyLimit))
        } catch {
            return error == .tooLarge ? .tooLarge : .truncated
        }
    }

    /// The path below the mount; a path that is not below it belongs to no route.
    private func path(_ path: String, within mount: String) -> String {
        guard path.hasPrefix(mount + "/") else { return path == mount ? "/" : "" }
        return String(path.dropFirst(mount.count))
    }
}
