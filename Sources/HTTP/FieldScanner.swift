/// A position in a header field that moves over tokens and quoted strings.
///
/// The grammar is RFC 9110 section 5.6. It never reads beyond its bytes.
struct FieldScanner {
    private let bytes: [UInt8]
    private var position = 0

    /// Starts at the first of at most `limit` bytes; the rest is not looked at.
    init(_ text: String, limit: Int = .max) {
        bytes = Array(text.utf8.prefix(limit))
    }

    /// Says whether everything was read.
    var isAtEnd: Bool { position == bytes.count }

    /// Moves over spaces and tabs.
    mutating func skipSpace() {
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 {
            position += 1
        }
    }

    /// Moves over a character when it is the next one.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    /// Moves over a token and returns it; `nil` when none stands here.
    mutating func token() -> String? {
        let start = position
        while position < bytes.count, isTokenByte(bytes[position]) { position += 1 }
        return position == start ? nil : String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// Moves over a quoted string and returns what it means; `nil` when none stands here.
    mutating func quotedString() -> String? {
        let start = position
        var content: [UInt8] = []
        guard skip("\"") else { return nil }
        while position < bytes.count {
            if skip("\"") { return String(decoding: content, as: UTF8.self) }
            _ = skip("\\")
            guard position < bytes.count, bytes[position] >= 0x20, bytes[position] != 0x7F else {
                break
            }
            content.append(bytes[position])
            position += 1
        }
        position = start
        return nil
    }

    /// Moves behind the next comma that is not within a quoted string, or to the end.
    mutating func skipElement() {
        while position < bytes.count {
            if skip(",") { return }
            if quotedString() == nil { position += 1 }
        }
    }
}

/// Says whether a byte may stand in a token (RFC 9110 section 5.6.2).
func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E:
        true
    default:
        false
    }
}
