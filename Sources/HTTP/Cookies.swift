/// The header `Cookie`, read where it lies.
///
/// The header is split at every ";". In each part the first "=" ends the name and the rest is the
/// value; a part without "=" has the empty name (RFC 6265bis section 5.6). Spaces and tabs round
/// both are dropped. Values are kept verbatim, quotes too: a quoted ticket is two characters
/// longer than a ticket and so is none. Names are compared byte for byte: browsers match the
/// prefixes `__Host-` and `__Secure-` without regard to case (RFC 6265bis section 5.4), but
/// only the exact name is ours.
package enum CookieHeader {
    private static let semicolon = UInt8(ascii: ";")
    private static let equals = UInt8(ascii: "=")

    /// Finds the cookie of a name without allocating; the time is linear in the header's length.
    ///
    /// A browser sends two cookies of one name when somebody planted the second one from a
    /// sibling domain or another path. Which of them is ours cannot be told, so neither is taken.
    package static func find(_ name: [UInt8], in header: Span<UInt8>) -> CookieLookup {
        var lookup = CookieLookup.absent
        forEach(name, in: header) { value in
            if case .absent = lookup { lookup = .found(value) } else { lookup = .repeated }
        }
        return lookup
    }

    /// Calls `body` with the place of the value of each cookie of a name.
    package static func forEach(
        _ name: [UInt8],
        in header: Span<UInt8>,
        _ body: (Range<Int>) -> Void
    ) {
        var start = 0
        while start < header.count {
            var end = start
            var separator = -1
            while end < header.count {
                let byte = header[end]
                if byte == semicolon { break }
                if byte == equals, separator < 0 { separator = end }
                end += 1
            }
            let nameRange = trimmed(separator < 0 ? start..<start : start..<separator, in: header)
            if matches(name, nameRange, in: header) {
                let value = trimmed(separator < 0 ? start..<end : separator + 1..<end, in: header)
                // "a=1;;b=2": an empty part is no cookie, not a nameless one without a value.
                if separator >= 0 || !value.isEmpty { body(value) }
            }
            start = end + 1
        }
    }

    private static func matches(
        _ name: [UInt8],
        _ range: Range<Int>,
        in header: Span<UInt8>
    ) -> Bool {
        guard name.count == range.count else { return false }
        for offset in 0..<name.count where name[offset] != header[range.lowerBound + offset] {
            return false
        }
        return true
    }

    private static func trimmed(_ range: Range<Int>, in header: Span<UInt8>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, isSpace(header[lower]) { lower += 1 }
        while upper > lower, isSpace(header[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }
}
