internal import CSodium

/// Base64 in the alphabet that cookies and URLs can carry, without padding (RFC 4648 section 5).
enum Base64URL {
    /// Encodes bytes as text.
    static func encode(_ bytes: [UInt8]) -> String {
        // libsodium writes a NUL after the text.
        var text = [CChar](repeating: 0, count: (bytes.count * 4 + 2) / 3 + 1)
        unsafe sodium_bin2base64(
            &text,
            text.count,
            bytes,
            bytes.count,
            sodium_base64_VARIANT_URLSAFE_NO_PADDING
        )
        return String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Decodes text into exactly `count` bytes at `target`.
    ///
    /// One text only stands for each value: padding, white space, other alphabets and spare bits
    /// that are not zero are refused, so two different cookies never name one session. Bytes beyond
    /// ASCII are refused here, because libsodium 1.0.18 decodes them as if they were in the alphabet.
    static func decode(
        _ text: UnsafeBufferPointer<UInt8>,
        into target: UnsafeMutablePointer<UInt8>,
        count: Int
    ) -> Bool {
        guard let start = text.baseAddress, unsafe text.allSatisfy({ $0 < 0x80 }) else {
            return false
        }
        var decoded = 0
        let status = unsafe start.withMemoryRebound(to: CChar.self, capacity: text.count) {
            unsafe sodium_base642bin(
                target,
                count,
                $0,
                text.count,
                nil,
                &decoded,
                nil,
                sodium_base64_VARIANT_URLSAFE_NO_PADDING
            )
        }
        return status == 0 && decoded == count
    }

    /// Decodes text that must hold exactly `count` bytes.
    static func decode(_ text: String, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let isWhole = unsafe Array(text.utf8).withUnsafeBufferPointer { text in
            unsafe decode(text, into: &bytes, count: count)
        }
        return isWhole ? bytes : nil
    }
}
