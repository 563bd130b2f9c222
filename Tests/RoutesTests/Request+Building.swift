import HTTP

/// What a browser sends in `Accept` when a person follows a link or posts a form.
let browserAccept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

extension Request {
    /// A request as nginx hands it over, with nothing of it a browser's yet.
    static func plain(_ method: Method?, _ path: String, cookie: String? = nil) -> Request {
        Request(
            method: method,
            path: path,
            requestURI: path,
            host: "site.example",
            remoteAddress: "192.0.2.7",
            requestID: "3f1c9a",
            userAgent: "curl/8.5.0",
            cookie: Array((cookie ?? "").utf8)
        )
    }

    /// GET by a program.
    static func get(_ path: String, cookie: String? = nil) -> Request {
        .plain(.get, path, cookie: cookie)
    }

    /// GET by a person with a browser.
    static func page(_ path: String, query: String = "", cookie: String? = nil) -> Request {
        var request = Request.plain(.get, path, cookie: cookie)
        request.query = query
        request.requestURI = query.isEmpty ? path : "\(path)?\(query)"
        request.accept = browserAccept
        request.secFetchSite = "same-origin"
        request.secFetchMode = "navigate"
        request.secFetchDest = "document"
        return request
    }

    /// POST of a JSON object by a program.
    static func json(_ path: String, _ body: JSON, cookie: String? = nil) -> Request {
        var request = Request.plain(.post, path, cookie: cookie)
        request.contentType = "application/json"
        request.body = .bytes(body.serialized())
        return request
    }

    /// POST of a form by a person with a browser.
    static func form(
        _ path: String,
        _ fields: KeyValuePairs<String, String> = [:],
        query: String = "",
        cookie: String? = nil
    ) -> Request {
        var request = Request.page(path, query: query, cookie: cookie)
        request.method = .post
        request.contentType = "application/x-www-form-urlencoded"
        request.origin = "https://site.example"
        let pairs = fields.map { "\($0.key)=\(Percent.encodeQueryValue($0.value))" }
        request.body = .bytes(Array(pairs.joined(separator: "&").utf8))
        return request
    }

    /// POST of a form's text as it stands.
    static func rawForm(_ path: String, _ body: String) -> Request {
        var request = Request.form(path)
        request.body = .bytes(Array(body.utf8))
        return request
    }

    /// The same request by a mount.
    func mounted(at mount: String) -> Request {
        var request = self
        request.mount = mount
        request.requestURI = mount + requestURI
        return request
    }

    /// The same request with a change.
    func with(_ change: (inout Request) -> Void) -> Request {
        var request = self
        change(&request)
        return request
    }
}
