/// Reads logfmt as `EventLog` writes it; an own reading, so that the writing is not its own judge.
enum Logfmt {
    /// The fields of one line; `nil` when it is not one line of logfmt.
    static func fields(of line: String) -> [(name: String, value: String)]? {
        var rest = line.unicodeScalars[...]
        guard rest.popLast() == "\n", !rest.contains("\n") else { return nil }
        var fields: [(name: String, value: String)] = []
        while !rest.isEmpty {
            let name = rest.prefix { $0 != "=" && $0 != " " && $0 != "\"" }
            rest = rest.dropFirst(name.count)
            guard !name.isEmpty, rest.popFirst() == "=" else { return nil }
            guard let value = value(&rest) else { return nil }
            fields.append((String(name), value))
            guard rest.isEmpty || rest.popFirst() == " " else { return nil }
        }
        return fields
    }

    private static func value(_ rest: inout Substring.UnicodeScalarView) -> String? {
        var value = String.UnicodeScalarView()
        guard rest.first == "\"" else {
            let plain = rest.prefix { $0 != " " }
            rest = rest.dropFirst(plain.count)
            return plain.contains("\"") || plain.contains("=") ? nil : String(plain)
        }
        rest.removeFirst()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return String(value)
            case "\\":
                guard let escaped = escape(&rest) else { return nil }
                value.append(escaped)
            default: value.append(scalar)
            }
        }
        return nil
    }

    private static func escape(_ rest: inout Substring.UnicodeScalarView) -> Unicode.Scalar? {
        let kind = rest.popFirst()
        if kind == "\"" || kind == "\\" { return kind }
        guard kind == "u", rest.popFirst() == "{" else { return nil }
        let digits = rest.prefix { $0 != "}" }
        rest = rest.dropFirst(digits.count + 1)
        return UInt32(String(digits), radix: 16).flatMap { Unicode.Scalar($0) }
    }
}
