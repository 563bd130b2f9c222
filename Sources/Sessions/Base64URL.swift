/// Base64 in the alphabet that cookies and URLs can carry, without padding (RFC 4648 section 5).
///
/// No table is indexed by what may be a secret and no branch depends on it, so neither the time nor
/// the memory that is touched tells anything about it. The loops over characters are written so
/// that the compiler handles sixteen at once.
package enum Base64URL {
    /// The most bytes that are decoded; a ticket has 32, a public id 16.
    static let longest = 36

    /// As many characters as stand for those.
    private typealias Characters = InlineArray<48, UInt8>

    /// How many characters stand for so many bytes.
    static func textLength(ofBytes count: Int) -> Int { (count * 8 + 5) / 6 }

    /// Decodes text into exactly `count` bytes at `target`.
    ///
    /// One text only stands for each value: padding, white space, other alphabets and spare bits
    /// that are not zero are refused, so two different cookies never name one session.
    static func decode(
        _ text: UnsafeBufferPointer<UInt8>,
        into target: UnsafeMutablePointer<UInt8>,
        count: Int
    ) -> Bool {
        precondition(count <= longest)
        guard text.count == textLength(ofBytes: count) else { return false }
        var characters = Characters(repeating: UInt8(ascii: "A"))
        unsafe withUnsafeMutableBytes(of: &characters) { characters in
            unsafe characters.copyMemory(from: UnsafeRawBufferPointer(text))
        }
        var refused: UInt8 = 0
        for index in characters.indices {
            let value = value(of: characters[index])
            refused |= value & 0xC0
            characters[index] = value
        }
        var bytes = InlineArray<38, UInt8>(repeating: 0)
        unsafe withUnsafeBytes(of: &characters) { values in
            unsafe withUnsafeMutableBytes(of: &bytes) { bytes in
                for group in 0..<6 {
                    // Two bytes more than there are, which the next group overwrites.
                    unsafe bytes.storeBytes(
                        of: joined(values.load(fromByteOffset: group * 8, as: UInt64.self)),
                        toByteOffset: group * 6,
                        as: UInt64.self
                    )
                }
                unsafe UnsafeMutableRawBufferPointer(start: target, count: count)
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            }
        }
        // The spare bits of the last character; the characters behind it are all A.
        for index in count..<longest { refused |= bytes[index] }
        return refused == 0
    }

    /// Decodes text that must hold exactly `count` bytes.
    package static func decode(_ text: String, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let isWhole = unsafe Array(text.utf8).withUnsafeBufferPointer { text in
            unsafe decode(text, into: &bytes, count: count)
        }
        return isWhole ? bytes : nil
    }

    /// Encodes 16 bytes, given as two words in memory order; the last two of the characters do not
    /// count.
    static func characters(of halves: (UInt64, UInt64)) -> InlineArray<24, UInt8> {
        var values = InlineArray<3, UInt64>(repeating: 0)
        // The bytes 0 to 5, 6 to 11 and 12 to 15.
        values[0] = divided(halves.0.littleEndian)
        values[1] = divided(halves.0.littleEndian >> 48 | halves.1.littleEndian << 16)
        values[2] = divided(halves.1.littleEndian >> 32)
        var characters = unsafe unsafeBitCast(values, to: InlineArray<24, UInt8>.self)
        for index in characters.indices {
            characters[index] = character(of: characters[index])
        }
        return characters
    }

    /// Encodes bytes as text.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 6) {
            let six = bytes[start..<min(start + 6, bytes.count)]
            let values = divided(six.reversed().reduce(0) { $0 << 8 | UInt64($1) })
            for index in 0..<textLength(ofBytes: six.count) {
                text.append(character(of: UInt8(truncatingIfNeeded: values >> UInt64(index * 8))))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The value of a character: six bits; 0xFF for what is none.
    private static func value(of character: UInt8) -> UInt8 {
        let upper = character &- UInt8(ascii: "A")
        let lower = character &- UInt8(ascii: "a")
        let digit = character &- UInt8(ascii: "0")
        var value: UInt8 = 0xFF
        value = upper < 26 ? upper : value
        value = lower < 26 ? lower &+ 26 : value
        value = digit < 10 ? digit &+ 52 : value
        value = character == UInt8(ascii: "-") ? 62 : value
        return character == UInt8(ascii: "_") ? 63 : value
    }

    /// The character of a value.
    private static func character(of value: UInt8) -> UInt8 {
        var character = value &+ UInt8(ascii: "A")
        character = value >= 26 ? value &- 26 &+ UInt8(ascii: "a") : character
        character = value >= 52 ? value &- 52 &+ UInt8(ascii: "0") : character
        character = value == 62 ? UInt8(ascii: "-") : character
        return value == 63 ? UInt8(ascii: "_") : character
    }

    /// Joins eight values to six bytes; the first of each is the lowest byte of its word.
    private static func joined(_ values: UInt64) -> UInt64 {
        var word = values.byteSwapped
        word = (word & 0x3F00_3F00_3F00_3F00) >> 2 | (word & 0x003F_003F_003F_003F)
        word = (word & 0x0FFF_0000_0FFF_0000) >> 4 | (word & 0x0000_0FFF_0000_0FFF)
        word = (word & 0x00FF_FFFF_0000_0000) >> 8 | (word & 0x0000_0000_00FF_FFFF)
        return (word << 16).byteSwapped
    }

    /// Divides six bytes into eight values.
    private static func divided(_ bytes: UInt64) -> UInt64 {
        var word = bytes.byteSwapped >> 16
        word = (word & 0xFFFF_FF00_0000) << 8 | (word & 0x0000_00FF_FFFF)
        word = (word & 0x00FF_F000_00FF_F000) << 4 | (word & 0x0000_0FFF_0000_0FFF)
        word = (word & 0x0FC0_0FC0_0FC0_0FC0) << 2 | (word & 0x003F_003F_003F_003F)
        return word.byteSwapped
    }
}
