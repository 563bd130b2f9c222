internal import FastCGI
import Glibc
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
    ///
    /// Nearly every request is a check that finds its session in the cache, so that way comes first
    /// and awaits nothing.
    @Sendable
    func respond(to request: borrowing FastCGI.Request) async -> Response {
        metrics.workerBegan()
        defer { metrics.workerEnded() }
        let start = Gateway.nanoseconds
        let site = site.value
        guard let question = question(in: request, of: site) else {
            return await answer(request, of: site)
        }
        let response =
            if let answer = site.answerAtOnce(question) { answer } else {
                await site.answerFromStorage(question)
            }
        metrics.checked(status: response.status, nanoseconds: Gateway.nanoseconds - start)
        return response
    }

    /// Answers a request to one of our own routes, or in the place of a guarded one.
    private func answer(
        _ request: borrowing FastCGI.Request,
        of site: Site
    ) async -> Response {
        // A mount that is no path would make cookies and links that lead nowhere, or worse.
        guard request.withParameter("SCRIPT_NAME", Gateway.isMount) ?? true else {
            return Response(status: 500)
        }
        // A check as none of our nginx files asks it: without a policy, or without the cookies,
        // which they send even where there are none.
        if request.has("COATCHECK_MODE", "check") { return Response(status: 401) }
        let mount = request.parameter("SCRIPT_NAME") ?? ""
        let reason = request.parameter("COATCHECK_REASON") ?? ""
        switch request.parameter("COATCHECK_MODE") ?? "" {
        case "":
            let (response, route) = await site.answer(read(request, mount, withBody: true))
            metrics.answered(route: route ?? "none", status: response.status)
            return response
        case "login":
            let response = site.answerUnauthenticated(read(request, mount), reason: reason)
            metrics.answered(route: "guard", status: response.status)
            return response
        case "denied":
            let response = site.answerForbidden(read(request, mount), reason: reason)
            metrics.answered(route: "guard", status: response.status)
            return response
        default:
            return Response(status: 500)
        }
    }

    /// Reads nginx's question whether a guarded place may be served; `nil` when it asks something
    /// else, or not as our nginx files do.
    private func question(in request: borrowing FastCGI.Request, of site: Site) -> CheckQuestion? {
        guard request.has("COATCHECK_MODE", "check") else { return nil }
        let isMountedAtRoot = !request.has("SCRIPT_NAME")
        guard isMountedAtRoot || request.withParameter("SCRIPT_NAME", Gateway.isMount) == true
        else { return nil }
        return request.withParameter("COATCHECK_POLICY") { policy in
            request.withParameter("HTTP_COOKIE") { cookies in
                CheckQuestion(
                    policy: policy,
                    cookies: cookies,
                    isMountedAtRoot: isMountedAtRoot,
                    of: site
                )
            }
        } ?? nil
    }

    /// The time since the machine started, for measuring.
    private static var nanoseconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Whether a text is empty, or a path of names without special characters: "/auth", "/a/b".
    private static func isMount(_ text: Span<UInt8>) -> Bool {
        guard !text.isEmpty else { return true }
        var previous = UInt8(ascii: "a")
        for index in text.indices {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "/"): if previous == byte { return false }
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): break
            default: return false
            }
            previous = byte
        }
        return text[0] == UInt8(ascii: "/") && previous != UInt8(ascii: "/")
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
            userAgent: request.withParameter("HTTP_USER_AGENT", HTTP.Request.cut(userAgent:)) ?? "",
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
