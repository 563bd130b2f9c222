internal import Glibc

/// The part of an address that stands for whoever pays for the line.
///
/// An IPv4 address counts by itself; of an IPv6 address the first 64 bits count, the least that a
/// customer gets (RFC 6177; many get 256 or 65,536 such networks, so a counter of networks slows a
/// guesser down and the counter of the account is what stops one). An IPv4 address inside an IPv6
/// one counts as the IPv4 address, as a mapped one (RFC 4291 section 2.5.5.2) and as a translator
/// shows it (RFC 6052 section 2.1): all of IPv4 would be one network otherwise, which anybody
/// could use up.
///
/// What is no address is one network of its own. nginx sends that for clients of a Unix socket.
package struct Network: Hashable, Sendable {
    /// The longest text of an address (RFC 4291 section 2.2, the form with an IPv4 tail).
    private static let longestText = 45
    /// What stands before an IPv4 address inside an IPv6 one: `::ffff:0:0/96` and `64:ff9b::/96`.
    private static let prefixes: [[UInt8]] = [
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF],
        [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0],
    ]

    /// The bytes that count: four, eight, or none.
    let bytes: [UInt8]

    /// Reads the address that nginx's REMOTE_ADDR said.
    package init(address: String) {
        // C would read a text only up to a zero byte.
        guard address.utf8.count <= Self.longestText, !address.utf8.contains(0) else {
            bytes = []
            return
        }
        var v4 = in_addr()
        if unsafe inet_pton(AF_INET, address, &v4) == 1 {
            bytes = unsafe withUnsafeBytes(of: v4) { unsafe Array($0) }
            return
        }
        var v6 = in6_addr()
        guard unsafe inet_pton(AF_INET6, address, &v6) == 1 else {
            bytes = []
            return
        }
        let all = unsafe withUnsafeBytes(of: v6) { unsafe Array($0) }
        let holdsV4 = Self.prefixes.contains { all.starts(with: $0) }
        bytes = holdsV4 ? Array(all[12...]) : Array(all[..<8])
    }
}
