/// A scheme, a host and a port: what a browser calls the origin of a page (RFC 6454).
struct Origin: Hashable {
    /// "https" or "http".
    let scheme: String
    /// The host in lower case.
    let host: String
    /// The port; the scheme's own when none was written.
    let port: Int

    /// Reads the serialised form `scheme://host[:port]`; `nil` for `null` and anything else.
    ///
    /// The scheme is in lower case, as browsers write it. The host is letters, digits, "-", "_"
    /// and ".", or an IPv6 address in brackets: no userinfo, no path, no second origin.
    init?(_ text: String) {
        let rest: Substring
        if text.hasPrefix("https://") {
            (scheme, rest) = ("https", text.dropFirst(8))
        } else if text.hasPrefix("http://") {
            (scheme, rest) = ("http", text.dropFirst(7))
        } else {
            return nil
        }
        let bytes = Array(rest.utf8)
        let hostEnd: Int
        if bytes.first == UInt8(ascii: "[") {
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")), bracket > 1,
                bytes[1..<bracket].allSatisfy(Self.isAddressByte)
            else { return nil }
            hostEnd = bracket + 1
        } else {
            hostEnd = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
            guard hostEnd > 0, bytes[..<hostEnd].allSatisfy(Self.isHostByte) else { return nil }
        }
        host = String(decoding: bytes[..<hostEnd], as: UTF8.self).lowercased()
        if hostEnd == bytes.count {
            port = scheme == "https" ? 443 : 80
        } else {
            guard bytes[hostEnd] == UInt8(ascii: ":"), let port = Self.port(bytes[(hostEnd + 1)...])
            else { return nil }
            self.port = port
        }
    }

    private static func port(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...5).contains(digits.count) else { return nil }
        var port = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            port = port * 10 + Int(digit - 0x30)
        }
        return (1...65535).contains(port) ? port : nil
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        hexValue(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"):
            true
        default:
            false
        }
    }
}
