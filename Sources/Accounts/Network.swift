internal import Glibc

/// The part of an address that stands for whoever pays for the line.
///
/// An IPv4 address counts by itself; of an IPv6 address the first 64 bits count, since one customer
/// owns all the rest (RFC 6177); an IPv4 address inside an IPv6 one counts as the IPv4 address.
/// What is no address, which nginx never sends for TCP, is one network of its own.
package struct Network: Hashable, Sendable {
    /// The bytes that count: four, eight, or none.
    let bytes: [UInt8]

    /// Reads the address that nginx's REMOTE_ADDR said.
    package init(address: String) {
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
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        bytes = all.starts(with: mapped) ? Array(all[12...]) : Array(all[..<8])
    }
}
