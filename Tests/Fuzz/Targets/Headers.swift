import HTTP

/// Pages are only for whom asks for them, never below /api, and a media type has one meaning.
///
/// The lines: path, Content-Type, Sec-Fetch-Mode, Sec-Fetch-Dest; the rest is Accept.
func fuzzAccept(_ bytes: [UInt8]) throws {
    let (first, rest) = lines(bytes, 4)
    let accept = String(decoding: rest, as: UTF8.self)
    for method in [Method.get, .post, .delete] {
        let request = Request(
            method: method,
            path: first[0],
            contentType: first[1],
            accept: accept,
            secFetchMode: first[2],
            secFetchDest: first[3]
        )
        let mayBePage = accept.lowercased().contains("html")
        if AnswerForm(for: request) == .page {
            try promise(!first[0].hasPrefix("/api/") && first[0] != "/api", "/api is JSON")
            let isForm = first[1].lowercased().contains("application/x-www-form-urlencoded")
            try promise(mayBePage || isForm, "a page that nobody asked for")
        }
        if request.isNavigation {
            try promise(method != .delete, "DELETE is no navigation")
            try promise(mayBePage || first[2] == "navigate", "a navigation to no page")
        }
    }
    for text in [first[1], accept] {
        guard let type = MediaType(text) else { continue }
        try promise(MediaType(type.essence)?.essence == type.essence, "type and subtype")
        try promise(type.essence == type.essence.lowercased(), "lower case")
    }
}

/// Whoever may change something comes from our own scheme, host and port.
///
/// The first line is our host, the rest is Origin.
func fuzzOrigin(_ bytes: [UInt8]) throws {
    let (first, rest) = lines(bytes, 1)
    let origin = String(decoding: rest, as: UTF8.self)
    guard !origin.isEmpty else { return }
    for isSecure in [true, false] {
        let request = Request(
            method: .post,
            path: "/",
            host: first[0],
            isSecure: isSecure,
            origin: origin
        )
        guard OriginCheck.allows(request) else { continue }
        let scheme = isSecure ? "https://" : "http://"
        try promise(origin.hasPrefix(scheme), "another scheme")
        let standard = isSecure ? 443 : 80
        let theirs = hostAndPort(String(origin.dropFirst(scheme.count)), standard)
        try promise(theirs == hostAndPort(first[0], standard), "\(origin) is not \(first[0])")
        try promise(!theirs.host.contains { "/@\\?#% ".contains($0) }, "a host: \(theirs.host)")
    }
}

private struct HostAndPort: Equatable {
    let host: String
    let port: Int?
}

private func hostAndPort(_ text: String, _ standard: Int) -> HostAndPort {
    guard let colon = text.lastIndex(of: ":"), text.last != "]" else {
        return HostAndPort(host: text.lowercased(), port: standard)
    }
    return HostAndPort(
        host: text[..<colon].lowercased(),
        port: Int(text[text.index(after: colon)...])
    )
}

/// A user agent becomes words of ours, and a text that can be logged.
func fuzzUserAgent(_ bytes: [UInt8]) throws {
    let cut = Request.cut(userAgent: bytes.span)
    try promise(cut.utf8.count == min(bytes.count, 256), "cut to 256 bytes")
    try promise(cut.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "printable ASCII")
    for text in [cut, String(decoding: bytes, as: UTF8.self)] {
        let name = deviceName(fromUserAgent: text)
        try promise((1...40).contains(name.utf8.count), "the length of a name")
        try promise(name.allSatisfy { $0.isASCII && ($0.isLetter || $0 == " ") }, "words: \(name)")
    }
}

/// Whatever is given as a value, it stays one value of one field.
func fuzzResponse(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    var response = Response(status: 200)
    response.add("A", bytes: bytes)
    response.add("B", text)
    response.add("C", bytes.span)
    let lines = response.fields.split(separator: 0x0A, omittingEmptySubsequences: false)
    try promise(lines.count == 4 && lines[3].isEmpty, "three fields: \(lines.count - 1)")
    for (line, value) in zip(lines, [bytes, Array(text.utf8), bytes]) {
        try promise(line.last == 0x0D, "CR LF")
        let written = Array(line.dropFirst(3).dropLast())
        let expected = value.map { byte in
            (byte < 0x20 && byte != 0x09) || byte == 0x7F ? UInt8(ascii: "?") : byte
        }
        try promise(written == expected, "the value")
    }
}
