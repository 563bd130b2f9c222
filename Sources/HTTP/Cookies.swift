internal import Glibc

/// The header `Cookie`, read where it lies.
///
/// The header is split at every ";". In each part the first "=" ends the name and the rest is the
/// value; a part without "=" has the empty name, which no cookie of ours has (RFC 6265bis section
/// 5.6). Spaces and tabs round both are dropped. Values are kept verbatim, quotes too: a quoted
/// ticket is two characters longer than a ticket and so is none. Names are compared byte for byte:
/// browsers match the prefixes `__Host-` and `__Secure-` without regard to case (RFC 6265bis
/// section 5.4), but only the exact name is ours.
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

    /// Calls `body` with the place of the value of each cookie of a name, which is not empty and
    /// holds neither "=" nor ";" nor a space or tab at its ends.
    package static func forEach(
        _ name: [UInt8],
        in header: Span<UInt8>,
        _ body: (Range<Int>) -> Void
    ) {
        var start = 0
        while start < header.count {
            let end = firstSemicolon(in: header, from: start)
            if let value = value(of: name, in: header, start..<end) { body(value) }
            start = end + 1
        }
    }

    /// The place of the next semicolon, or the end.
    private static func firstSemicolon(in header: Span<UInt8>, from start: Int) -> Int {
        unsafe header.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, CInt(semicolon), bytes.count - start)
            else { return bytes.count }
            return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }

    /// The place of the value where a part of the header is a cookie of a name.
    private static func value(
        of name: [UInt8],
        in header: Span<UInt8>,
        _ part: Range<Int>
    ) -> Range<Int>? {
        var place = firstNonSpace(in: header, part)
        guard part.upperBound - place > name.count else { return nil }
        for byte in name {
            guard header[place] == byte else { return nil }
            place += 1
        }
        place = firstNonSpace(in: header, place..<part.upperBound)
        guard place < part.upperBound, header[place] == equals else { return nil }
        place = firstNonSpace(in: header, place + 1..<part.upperBound)
        var end = part.upperBound
        while end > place, isSpace(header[end - 1]) { end -= 1 }
        return place..<end
    }

    private static func firstNonSpace(in header: Span<UInt8>, _ range: Range<Int>) -> Int {
        var place = range.lowerBound
        while place < range.upperBound, isSpace(header[place]) { place += 1 }
        return place
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }
}
