/// Reads one JSON object of strings strictly (RFC 8259); an own reading, so that the writing is not
/// its own judge.
enum JSONLine {
    /// The members in their order; `nil` when it is not one line with one object of strings.
    static func fields(of line: String) -> [(name: String, value: String)]? {
        var rest = line.unicodeScalars[...]
        guard rest.popLast() == "\n", rest.popFirst() == "{", rest.popLast() == "}" else {
            return nil
        }
        var fields: [(name: String, value: String)] = []
        while !rest.isEmpty {
            if !fields.isEmpty, rest.popFirst() != "," { return nil }
            guard let name = string(&rest), rest.popFirst() == ":" else { return nil }
            guard let value = string(&rest) else { return nil }
            fields.append((name, value))
        }
        return fields
    }

    private static func string(_ rest: inout Substring.UnicodeScalarView) -> String? {
        guard rest.popFirst() == "\"" else { return nil }
        var value = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return String(value)
            case "\\":
                guard let escaped = escape(&rest) else { return nil }
                value.append(escaped)
            case _ where scalar.value < 0x20: return nil
            default: value.append(scalar)
            }
        }
        return nil
    }

    private static func escape(_ rest: inout Substring.UnicodeScalarView) -> Unicode.Scalar? {
        let kind = rest.popFirst()
        if kind == "\"" || kind == "\\" { return kind }
        let digits = rest.prefix(4)
        guard kind == "u", digits.count == 4 else { return nil }
        rest = rest.dropFirst(4)
        return UInt32(String(digits), radix: 16).flatMap { Unicode.Scalar($0) }
    }
}
