/// A `Set-Cookie` field as RFC 6265bis section 4.1.1 wants it from a server.
///
/// The field is `name=value; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400`. HttpOnly and
/// SameSite are always there: a script never needs the value (ASVS 3.3.4), and without SameSite
/// browsers let other sites post with the cookie for two minutes (RFC 6265bis section 8.8).
/// There is no Domain, so the cookie stays with the host that set it.
///
/// Names and paths come from the settings and values from us, so a bad one is a mistake in the
/// program and stops it: check settings with ``isValidName(_:)``, ``isValidPath(_:)`` and
/// ``prefixAllows(name:path:isSecure:)`` before.
package struct SetCookie: Hashable, Sendable {
    /// The most bytes of name and value together: browsers drop more (RFC 6265bis section 5.6,
    /// ASVS 3.3.5).
    package static let sizeLimit = 4096
    /// The most bytes of an attribute's value: browsers drop more (RFC 6265bis section 5.6).
    package static let attributeLimit = 1024
    /// The longest lifetime in seconds, 400 days: browsers cut to it (RFC 6265bis section 5.5).
    package static let lifetimeLimit = 400 * 24 * 60 * 60

    private let name: String
    private let value: String
    private let path: String
    private let maxAge: Int
    private let isSecure: Bool

    /// Creates a cookie; a lifetime is held between 0, which deletes it, and 400 days.
    package init(name: String, value: String, path: String, maxAge: Int, isSecure: Bool) {
        precondition(Self.isValidName(name), "a cookie name is a token")
        precondition(value.utf8.allSatisfy(Self.isCookieOctet), "a cookie value is cookie octets")
        precondition(Self.isValidPath(path), "a cookie path starts with / and is av-octets")
        precondition(
            Self.prefixAllows(name: name, path: path, isSecure: isSecure),
            "the prefix of a cookie name asks for Secure, and __Host- for Path=/"
        )
        precondition(
            name.utf8.count + value.utf8.count <= Self.sizeLimit,
            "a cookie has at most 4096 bytes"
        )
        self.name = name
        self.value = value
        self.path = path
        self.maxAge = min(max(maxAge, 0), Self.lifetimeLimit)
        self.isSecure = isSecure
    }

    /// The value of the field.
    package var headerValue: String {
        "\(name)=\(value); Path=\(path); \(isSecure ? "Secure; " : "")HttpOnly; SameSite=Lax; "
            + "Max-Age=\(maxAge)"
    }
}

extension SetCookie {
    /// Says whether a text is a cookie name: a token of RFC 9110 section 5.6.2.
    package static func isValidName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy(isTokenByte)
    }

    /// Says whether a text is a cookie path: "/" first, then ASCII without controls and ";".
    package static func isValidPath(_ path: String) -> Bool {
        path.utf8.first == UInt8(ascii: "/") && path.utf8.count <= attributeLimit
            && path.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: ";") }
    }

    /// Says whether a browser would keep a cookie of this name with these attributes.
    ///
    /// `__Host-` needs Secure and Path=/ (ASVS 3.3.3), `__Secure-` needs Secure (ASVS 3.3.1), and
    /// so does `__Http-` of the layered cookies draft. Browsers match prefixes without regard to
    /// case (RFC 6265bis section 5.4), and so does this.
    package static func prefixAllows(name: String, path: String, isSecure: Bool) -> Bool {
        let folded = name.lowercased()
        if folded.hasPrefix("__host-") { return isSecure && path == "/" }
        if folded.hasPrefix("__secure-") || folded.hasPrefix("__http-") { return isSecure }
        return true
    }

    /// A byte of a value: printable ASCII without space, quotes, comma, semicolon and backslash.
    private static func isCookieOctet(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21, 0x23...0x2B, 0x2D...0x3A, 0x3C...0x5B, 0x5D...0x7E: true
        default: false
        }
    }
}
