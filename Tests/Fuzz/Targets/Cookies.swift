import HTTP

/// The header is searched where it lies; a reader that cuts it into pieces must find the same.
func fuzzCookies(_ header: [UInt8]) throws {
    for name in ["s", "session", "__Host-session"] {
        let values = cookieValues(name, header)
        var found: [[UInt8]] = []
        CookieHeader.forEach(Array(name.utf8), in: header.span) { found.append(Array(header[$0])) }
        try promise(found == values, "\(name): \(found) is \(values)")
        switch CookieHeader.find(Array(name.utf8), in: header.span) {
        case .absent: try promise(values.isEmpty, "\(name) is there")
        case .found(let range):
            try promise([Array(header[range])] == values, "\(name) is \(values)")
        case .repeated: try promise(values.count > 1, "\(name) is not repeated")
        }
    }
}

/// Reads a header as RFC 6265bis section 5.6 has it.
private func cookieValues(_ name: String, _ header: [UInt8]) -> [[UInt8]] {
    header.split(separator: UInt8(ascii: ";")).compactMap { part in
        let pair = part.split(
            separator: UInt8(ascii: "="),
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard pair.count == 2, trimmed(pair[0]) == Array(name.utf8) else { return nil }
        return trimmed(pair[1])
    }
}

private func trimmed(_ text: ArraySlice<UInt8>) -> [UInt8] {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    return Array(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
}
