import HTTP

/// A place that is allowed does not lead away: a browser that resolves it stays on our site, or
/// goes to a host of the list by its scheme.
func fuzzReturnPath(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    let hosts = ["app.example.com", "app.example.com:8443", "http://app.internal"]
    guard let path = ReturnPath(text, allowedHosts: hosts) else { return }
    try promise(path.location == text, "as it was given")
    try promise(path.location.utf8.count <= ReturnPath.limit, "its length")
    let place = BrowserPlace(resolving: text)
    let listed = [
        "https://site.example", "https://app.example.com", "https://app.example.com:8443",
        "http://app.internal",
    ]
    try promise(listed.contains(place.origin), "\(text) leads to \(place.origin)")
    try promise(!place.path.hasPrefix("//"), "\(text) is the path \(place.path)")
    guard ReturnPath(text, allowedHosts: []) != nil else { return }
    try promise(place.origin == "https://site.example", "\(text) leads to \(place.origin)")
}

/// Where a browser on https://site.example/auth/login goes, as the URL standard of WHATWG has it
/// (section 4.4), as far as it matters to where that is.
struct BrowserPlace {
    /// The scheme and the authority without userinfo, or the scheme alone where it is not a web
    /// address.
    private(set) var origin = "https://site.example"
    /// The path with its dot segments resolved.
    private(set) var path = ""

    init(resolving text: String) {
        // Step 1: controls and spaces at the ends, then TAB, LF and CR everywhere.
        func isAtEnds(_ byte: UInt8) -> Bool { byte <= 0x20 }
        var rest = text.utf8.drop(while: isAtEnds).reversed().drop(while: isAtEnds)
            .reversed().filter { ![0x09, 0x0A, 0x0D].contains($0) }[...]
        if let scheme = BrowserPlace.scheme(of: rest) {
            rest = rest.dropFirst(scheme.count + 1)
            guard ["http", "https", "ws", "wss", "ftp"].contains(scheme) else {
                origin = scheme + ":"
                return
            }
            // "https:path" is relative to a page of that scheme; else slashes do not matter.
            if scheme == "https", !rest.starts(with: "//".utf8) {
                resolveReference(rest)
            } else {
                takeAuthority(scheme, rest.drop(while: BrowserPlace.isSlash))
            }
        } else {
            resolveReference(rest)
        }
    }

    /// The state "relative": what has no scheme.
    private mutating func resolveReference(_ rest: ArraySlice<UInt8>) {
        let slashes = rest.prefix(while: BrowserPlace.isSlash).count
        if slashes >= 2 {
            takeAuthority("https", rest.drop(while: BrowserPlace.isSlash))
        } else {
            takePath(slashes == 1 ? Array(rest) : Array("/auth/".utf8) + rest)
        }
    }

    private mutating func takeAuthority(_ scheme: String, _ rest: ArraySlice<UInt8>) {
        let authority = rest.prefix { !BrowserPlace.isSlash($0) && $0 != 0x3F && $0 != 0x23 }
        let host =
            authority.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
            .last ?? []
        var text = String(decoding: host, as: UTF8.self).lowercased()
        let standard = scheme == "https" || scheme == "wss" ? ":443" : ":80"
        if text.hasSuffix(standard) { text.removeLast(standard.count) }
        origin = "\(scheme)://\(text)"
        takePath(Array(rest.dropFirst(authority.count)))
    }

    private mutating func takePath(_ rest: [UInt8]) {
        let whole = rest.prefix { $0 != 0x3F && $0 != 0x23 }
        var parts: [String] = []
        var segments = whole.split(omittingEmptySubsequences: false, whereSeparator: Self.isSlash)
        if segments.first?.isEmpty == true { segments.removeFirst() }
        for (index, segment) in segments.enumerated() {
            let text = String(decoding: segment, as: UTF8.self)
            let isLast = index == segments.count - 1
            switch text.lowercased().replacing("%2e", with: ".") {
            case ".": if isLast { parts.append("") }
            case "..":
                if !parts.isEmpty { parts.removeLast() }
                if isLast { parts.append("") }
            default: parts.append(text)
            }
        }
        path = "/" + parts.joined(separator: "/")
    }

    private static func scheme(of text: ArraySlice<UInt8>) -> String? {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let scheme = String(decoding: text[..<colon], as: UTF8.self).lowercased()
        guard let first = scheme.unicodeScalars.first, ("a"..."z").contains(first),
            scheme.utf8.allSatisfy({ byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
                    || [0x2B, 0x2D, 0x2E].contains(byte)
            })
        else { return nil }
        return scheme
    }

    private static func isSlash(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
    }
}
