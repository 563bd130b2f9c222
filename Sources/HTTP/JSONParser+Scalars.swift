extension JSONParser {
    /// Reads a string that starts here.
    mutating func string() throws(InputError) -> String {
        let start = position
        var content: [UInt8] = []
        position += 1
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw issue("The string is not UTF-8", at: start)
                }
                return text
            case UInt8(ascii: "\\"):
                try escape(into: &content)
            case 0x00..<0x20:
                throw issue("A control character must be escaped")
            default:
                content.append(byte)
                position += 1
            }
        }
        throw issue("The string has no end", at: start)
    }

    private mutating func escape(into content: inout [UInt8]) throws(InputError) {
        let start = position
        position += 1
        let kind = next
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(kind ?? 0)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content.append(contentsOf: "\(try scalar(escapedAt: start))".utf8)
        default: throw issue("This is no escape sequence", at: start)
        }
    }

    /// Reads the digits behind `\u`, and the second half of a surrogate pair.
    private mutating func scalar(escapedAt start: Int) throws(InputError) -> Unicode.Scalar {
        var code = try fourDigits(escapedAt: start)
        if (0xD800..<0xDC00).contains(code), bytes[position...].starts(with: "\\u".utf8) {
            position += 2
            let low = try fourDigits(escapedAt: start)
            guard (0xDC00..<0xE000).contains(low) else {
                throw issue("A surrogate has no partner", at: start)
            }
            code = 0x1_0000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw issue("A surrogate has no partner", at: start)
        }
        return scalar
    }

    private mutating func fourDigits(escapedAt start: Int) throws(InputError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = next.flatMap(hexValue) else {
                throw issue("Behind \\u stand four hexadecimal digits", at: start)
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    /// Reads a number that starts here.
    mutating func number() throws(InputError) -> Double {
        let start = position
        skipSign(UInt8(ascii: "-"))
        if next == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits(numberAt: start)
        }
        if next == UInt8(ascii: ".") {
            position += 1
            try digits(numberAt: start)
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            if !skipSign(UInt8(ascii: "+")) { skipSign(UInt8(ascii: "-")) }
            try digits(numberAt: start)
        }
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            throw issue("This is no JSON number", at: start)
        }
        guard value.isFinite else { throw issue("The number is too large", at: start) }
        return value
    }

    @discardableResult
    private mutating func skipSign(_ sign: UInt8) -> Bool {
        guard next == sign else { return false }
        position += 1
        return true
    }

    private mutating func digits(numberAt start: Int) throws(InputError) {
        let first = position
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
        guard position > first else { throw issue("This is no JSON number", at: start) }
    }
}
