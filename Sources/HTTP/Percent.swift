/// Percent-encoding of the values of a query.
package enum Percent {
    /// Encodes a text so that it can stand as a value in a query.
    ///
    /// Only the unreserved characters of RFC 3986 section 2.3 stay as they are; everything else,
    /// "/" and "&" and "+" too, becomes "%" and two hexadecimal digits per byte of UTF-8.
    package static func encodeQueryValue(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 3)
        for byte in text.utf8 {
            if isUnreserved(byte) {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(hexDigit(byte >> 4))
                bytes.append(hexDigit(byte & 0xF))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Decodes a name or a value of an urlencoded form or query, where "+" is a space.
    ///
    /// - Throws: ``PercentError`` for a "%" without two hexadecimal digits, for bytes that are not
    ///   UTF-8, and for NUL, which would end the text for a library written in C.
    package static func decode(_ bytes: some Sequence<UInt8>) throws(PercentError) -> String {
        var decoded: [UInt8] = []
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(hexValue),
                    let low = iterator.next().flatMap(hexValue)
                else { throw .brokenEscape }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
            default: decoded.append(byte)
            }
        }
        guard !decoded.contains(0) else { throw .nul }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default:
            false
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}

/// Why a percent-encoded text cannot be decoded.
package enum PercentError: Error, Hashable {
    /// A "%" is not followed by two hexadecimal digits.
    case brokenEscape
    /// The bytes are not UTF-8.
    case notUTF8
    /// A byte is NUL.
    case nul

    /// What is wrong, as one sentence for people.
    package var message: String {
        switch self {
        case .brokenEscape: "A % is not followed by two hexadecimal digits."
        case .notUTF8: "This is not UTF-8."
        case .nul: "The NUL character is not allowed."
        }
    }
}

/// Returns what a hexadecimal digit stands for; `nil` for any other byte.
func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
