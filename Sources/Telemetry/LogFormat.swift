/// How a line of the log is written.
///
/// Values cannot forge a line or a field (ASVS 16.4.1): in both formats what is not plain is
/// quoted, and control characters are escaped, with those of terminals (C1) and the line and
/// paragraph separators of Unicode.
package enum LogFormat: String, CaseIterable, Sendable {
    /// `time=… level=… event=…` and the fields.
    case logfmt
    /// One JSON object (RFC 8259) with the same names; every value is a string.
    case json

    /// The most bytes that the values of one line have together.
    ///
    /// A write of up to PIPE_BUF bytes (4096, pipe(7)) cannot block once poll(2) says that there is
    /// room; 600 of them are left for the names and for the first and last fields.
    private static let room = 3496

    /// Writes fields one after the other, without the line's end.
    ///
    /// Each value has an equal part of the room; what is longer is cut and ends in `…`.
    package func text(_ fields: [Event.Field]) -> String {
        let room = LogFormat.room / max(1, fields.count)
        let written = fields.map { field in
            switch self {
            case .logfmt: "\(field.name)=\(value(field.value, room: room))"
            case .json: "\"\(field.name)\":\(value(field.value, room: room))"
            }
        }
        return switch self {
        case .logfmt: written.joined(separator: " ")
        case .json: "{\(written.joined(separator: ","))}"
        }
    }

    /// Cuts a text to the room of a line, ending in `…`, without escaping anything.
    static func cut(_ text: String) -> String {
        guard text.utf8.count > room else { return text }
        var cut = String.UnicodeScalarView()
        var size = 0
        for scalar in text.unicodeScalars {
            size += scalar.utf8.count
            if size > room { break }
            cut.append(scalar)
        }
        return String(cut) + "…"
    }

    private func value(_ value: String, room: Int) -> String {
        let isPlain = value.utf8.allSatisfy(LogFormat.isPlain) && value.utf8.count <= room
        if isPlain, self == .json { return "\"\(value)\"" }
        if isPlain, !value.isEmpty { return value }
        var text = String.UnicodeScalarView("\"".unicodeScalars)
        var size = 0
        for scalar in value.unicodeScalars {
            let part = escaped(scalar)
            size += part.utf8.count
            if size > room {
                text.append("…")
                break
            }
            text.append(contentsOf: part.unicodeScalars)
        }
        text.append("\"")
        return String(text)
    }

    private func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"", "\\": return "\\\(scalar)"
        case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value),
            "\u{2028}", "\u{2029}":
            let digits = String(scalar.value, radix: 16)
            let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
            return self == .json ? "\\u\(zeros)\(digits)" : "\\u{\(digits)}"
        default: return String(scalar)
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
            && byte != UInt8(ascii: "\\")
    }
}
