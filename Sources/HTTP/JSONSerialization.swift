extension JSON {
    /// Returns the value as JSON text in UTF-8, without white space.
    ///
    /// Whole numbers are written without a fraction. A number that is not finite, which JSON
    /// cannot say, is written as null.
    package func serialized() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.reserved)
        append(to: &bytes)
        return bytes
    }

    /// The bytes reserved for a text: a person with a session takes about 450.
    private static let reserved = 512

    private func append(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let value): bytes.append(contentsOf: Self.text(of: value).utf8)
        case .string(let value): Self.append(value, to: &bytes)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                value.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.append(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func text(of value: Double) -> String {
        guard value.isFinite else { return "null" }
        // Int64(exactly:) would need trunc() of libm, which nothing else here links.
        guard value.magnitude < 0x1p53 else { return "\(value)" }
        let whole = Int64(value)
        return Double(whole) == value ? "\(whole)" : "\(value)"
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        let text = text.utf8.span
        bytes.append(UInt8(ascii: "\""))
        // Nearly every text can be copied as it is.
        if isPlain(text) {
            unsafe text.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        } else {
            for index in text.indices { append(escaping: text[index], to: &bytes) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isPlain(_ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x00..<0x20, 0x7F: return false
            default: break
            }
        }
        return true
    }

    private static func append(escaping byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
        case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
        case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
        case 0x00..<0x20, 0x7F:
            let digits = String(byte, radix: 16)
            bytes.append(contentsOf: (digits.utf8.count == 1 ? "\\u000" : "\\u00").utf8)
            bytes.append(contentsOf: digits.utf8)
        default: bytes.append(byte)
        }
    }
}
