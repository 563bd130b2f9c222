/// Where people find the site: scheme, host and port, and the mount of Coatcheck.
package struct SiteURL: Hashable, Sendable {
    /// Scheme, host and port, as a browser sends them in Origin.
    package let origin: String
    /// The path below which Coatcheck's routes are; empty at the root.
    package let mount: String

    /// Whether it is https.
    package var isSecure: Bool { origin.hasPrefix("https://") }

    /// Reads `https://host[:port][/mount]`.
    ///
    /// - Returns: `nil` for anything else: another scheme, a user, a query, a strange character.
    package init?(_ text: String) {
        guard
            let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }),
            text.utf8.count <= 2048
        else { return nil }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" }
        var path = rest.dropFirst(authority.count)
        while path.last == "/" { path.removeLast() }
        guard
            !authority.isEmpty,
            authority.utf8.allSatisfy({ Self.isWordByte($0) || ".:[]".utf8.contains($0) }),
            !path.contains("//"),
            path.utf8.allSatisfy({ Self.isWordByte($0) || $0 == UInt8(ascii: "/") })
        else { return nil }
        origin = scheme + authority.lowercased()
        mount = String(path)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}
