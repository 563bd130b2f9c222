import HTTP

/// A request written as in HTTP: a line with method and target, fields, an empty line, the body.
struct WrittenRequest {
    private(set) var request: Request
    private let fields: [String: String]

    /// Reads a request; `nil` when there is not even a first line.
    init?(_ bytes: [UInt8], _ scene: SiteScene) {
        var rest = bytes[...]
        func nextLine() -> String {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            rest = rest.dropFirst(line.count + 1)
            return String(decoding: line, as: UTF8.self)
        }
        let first = nextLine().split(separator: " ", maxSplits: 1).map(String.init)
        guard first.count == 2 else { return nil }
        var fields: [String: String] = [:]
        while !rest.isEmpty {
            let line = nextLine()
            guard let colon = line.firstIndex(of: ":") else { break }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            fields[line[..<colon].lowercased()] = String(value)
        }
        self.fields = fields
        let target = first[1].replacing("ROOT", with: scene.root.id)
            .replacing("ADA", with: scene.ada.id)
        let path = target.prefix { $0 != "?" }
        let cookie = (fields["cookie"] ?? "").replacing("ROOT", with: scene.root.ticket)
            .replacing("ADA", with: scene.ada.ticket)
        request = Request(
            method: Method(token: first[0]),
            // The gateway refuses a mount that is no path.
            mount: fields["mount"] == "/auth" ? "/auth" : "",
            // As the gateway has it: a path below the mount, or none.
            path: path.hasPrefix("/") ? String(path) : "",
            query: String(target.dropFirst(path.count + 1)),
            requestURI: target,
            host: fields["host"] ?? "site.example",
            isSecure: fields["https"] != "off",
            remoteAddress: fields["address"] ?? "192.0.2.7",
            requestID: fields["id"] ?? "3f1c9a",
            contentType: fields["content-type"],
            accept: fields["accept"],
            origin: fields["origin"],
            secFetchSite: fields["sec-fetch-site"],
            secFetchMode: fields["sec-fetch-mode"],
            secFetchDest: fields["sec-fetch-dest"],
            requestedWith: fields["x-requested-with"],
            userAgent: Request.cut(userAgent: Array((fields["user-agent"] ?? "").utf8).span),
            cookie: Array(cookie.utf8),
            body: fields["body"] == "cut" ? .truncated : .bytes(Array(rest))
        )
    }

    /// A field; empty when it is not there.
    func value(_ name: String) -> String { fields[name] ?? "" }

    /// Whether a ticket that opens something is anywhere in the cookies.
    func hasLiveTicket(_ scene: SiteScene) -> Bool {
        let cookies = String(decoding: request.cookie, as: UTF8.self)
        return scene.tickets.contains { cookies.contains($0) }
    }
}
