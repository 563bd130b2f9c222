/// Where a person goes after the login: a place that cannot lead away from where we allow.
///
/// It is a path on this site, or an absolute URL on a host of the allow-list (ASVS 3.7.2). An
/// entry of the list is an authority as it stands in a URL, for example "app.example.com" or
/// "app.example.com:8443", and allows https; an entry "http://app.internal" allows http for that
/// authority and only http. Authorities are compared without regard to case and otherwise exactly:
/// no wildcards, no default ports.
///
/// What is refused, and why:
/// - a start with "//": browsers read a host there; and a path on a listed host that starts so, as
///   in "https://app.example.com//evil", for the reason that dot segments are refused;
/// - "\" anywhere: browsers read it as "/" (URL standard, section 4.4);
/// - spaces, control characters and bytes from 0x7F up: browsers drop TAB, CR and LF from within
///   a URL, so "/<TAB>/evil" is "//evil" to them;
/// - userinfo, other schemes, "https:/evil" and "https:evil": only the exact "https://" and an
///   authority that is in the list pass;
/// - the path segments "." and "..", also spelled with "%2e": "/.//evil" and "/x/..//evil" resolve
///   to the path "//evil". To a browser that stays a path of this site, but an application that
///   redirects to its own path, to add a slash for example, would turn it into another host.
///   Browsers resolve such segments before they send a request, so no place that somebody really
///   asked for is lost;
/// - more than 2048 bytes.
///
/// Percent-encoded bytes stay as they are. Browsers resolve a URL without decoding it, so "/%2f/x",
/// "/%5cx" and "/%09/x" are paths of this site.
package struct ReturnPath: Hashable, Sendable {
    /// The most bytes; longer URLs do not pass every proxy, and none of ours comes near.
    package static let limit = 2048

    /// What goes into `Location`, as it was given.
    package let location: String

    /// Checks a place; `nil` when it is refused.
    package init?(_ raw: String, allowedHosts: [String]) {
        guard raw.utf8.count <= Self.limit, raw.utf8.allSatisfy(Self.isAllowed) else { return nil }
        let bytes = Array(raw.utf8)
        let path: ArraySlice<UInt8>
        if bytes.first == UInt8(ascii: "/") {
            path = bytes[...]
        } else {
            guard let end = Self.endOfAllowedAuthority(bytes, allowedHosts) else { return nil }
            path = bytes[end...]
        }
        guard !path.starts(with: "//".utf8), !Self.hasDotSegment(path) else { return nil }
        location = raw
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\\")
    }

    private static func endOfAllowedAuthority(_ bytes: [UInt8], _ allowedHosts: [String]) -> Int? {
        for scheme in ["https://", "http://"] where bytes.starts(with: scheme.utf8) {
            let authority = bytes.dropFirst(scheme.utf8.count).prefix {
                $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
            }
            guard !authority.isEmpty, !authority.contains(UInt8(ascii: "@")) else { return nil }
            let host = String(decoding: authority, as: UTF8.self).lowercased()
            let isAllowed = allowedHosts.contains { entry in
                let entry = entry.lowercased()
                return entry == scheme + host || (entry == host && scheme == "https://")
            }
            return isAllowed ? authority.endIndex : nil
        }
        return nil
    }

    private static func hasDotSegment(_ target: ArraySlice<UInt8>) -> Bool {
        let path = target.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        return path.split(separator: UInt8(ascii: "/")).contains { segment in
            // Only "." and "%2e" in any mixture make a segment of one or two dots.
            guard segment.count <= 6 else { return false }
            let text = String(decoding: segment, as: UTF8.self).lowercased()
            return [".", "%2e", "..", ".%2e", "%2e.", "%2e%2e"].contains(text)
        }
    }
}
