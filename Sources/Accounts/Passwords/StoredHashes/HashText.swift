internal import CSodium

/// Reads the parts of stored password hashes, strictly: each value has one text only.
enum HashText {
    /// The longest stored hash, in bytes: an Argon2 hash with the largest salt and digest has 213.
    static let maximumBytes = 256

    /// Splits at `$`, empty parts included.
    static func fields(_ text: String) -> [Substring] {
        text.split(separator: "$", omittingEmptySubsequences: false)
    }

    /// Reads a decimal number without sign or leading zero, of ten digits at most, after a name.
    static func decimal(_ field: Substring, after name: String = "") -> Int? {
        guard field.utf8.starts(with: name.utf8) else { return nil }
        let digits = field.utf8.dropFirst(name.utf8.count)
        guard digits.first != UInt8(ascii: "0"), (1...10).contains(digits.count),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(Substring(digits))
    }

    /// Whether a text is some number of characters of crypt(5)'s base64, `./0-9A-Za-z`.
    static func isCryptBase64(_ field: Substring, countIn range: ClosedRange<Int>) -> Bool {
        range.contains(field.utf8.count)
            && field.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: ".")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: false
                }
            }
    }

    /// Reads base64 without padding (RFC 4648 section 4) of some number of bytes.
    static func base64(_ field: Substring, countIn range: ClosedRange<Int>) -> [UInt8]? {
        let source = Array(field.utf8)
        // libsodium 1.0.18 takes bytes from 0x80 for letters.
        guard source.allSatisfy({ $0 < 0x80 }) else { return nil }
        var bytes = [UInt8](repeating: 0, count: range.upperBound)
        var count = 0
        let status = unsafe source.withUnsafeBytes { text in
            unsafe sodium_base642bin(
                &bytes,
                bytes.count,
                text.baseAddress?.assumingMemoryBound(to: CChar.self),
                text.count,
                nil,
                &count,
                nil,
                sodium_base64_VARIANT_ORIGINAL_NO_PADDING
            )
        }
        return status == 0 && range.contains(count) ? Array(bytes[..<count]) : nil
    }

    /// Writes base64 without padding.
    static func base64(_ bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: (bytes.count * 4 + 2) / 3 + 1)
        unsafe sodium_bin2base64(
            &text,
            text.count,
            bytes,
            bytes.count,
            sodium_base64_VARIANT_ORIGINAL_NO_PADDING
        )
        return String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
