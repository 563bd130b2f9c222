import Telemetry
import Testing

/// Values cannot forge a line or a field of the log (ASVS 16.4.1).
@Suite struct ForgeryTests {
    /// Writes a value as a field between two others.
    private func line(with value: String) -> String {
        let event = Event.storageFailed(code: "io", detail: value, during: "check")
        return EventLog.line(event, at: 0, hasPriority: false)
    }

    @Test(
        arguments: [
            "a\ntime=1970-01-01T00:00:00Z level=info event=authn_login_success user=root",
            "a\r\nb", "a\rb", "x\" during=forged event=\"y", "x during=forged", "a=b", "\\", "\\\"",
            "\\u{a}", "", " ", "\t", "a\u{0}b", "\u{1B}[2K\u{1B}[1A", "\u{7F}", "\u{85}",
            "\u{9B}2K",
            "\u{2028}x", "\u{2029}x", "\u{B}\u{C}", "Zoë 李 😀", "\"\u{301} during=forged",
            "\\\u{301}",
            "\n\u{301}", "\u{FEFF}", "e\u{301}", "'", "`id`", "$(id)", "%n", "<3>", "a\"",
        ]
    )
    func `a value is read back as it was and changes nothing round it`(value: String) throws {
        let line = line(with: value)
        let fields = try #require(Logfmt.fields(of: line))
        #expect(fields.map(\.name) == ["time", "level", "event", "code", "detail", "during"])
        #expect(fields[4].value.unicodeScalars.elementsEqual(value.unicodeScalars))
        #expect(fields[5].value == "check")
    }

    @Test func `no character ends the line or moves the cursor of a terminal`() throws {
        for number in UInt32(0)...0x2FFF {
            guard let scalar = Unicode.Scalar(number) else { continue }
            let line = line(with: "a\(scalar)\u{301}")
            let scalars = line.unicodeScalars
            let isTame = scalars.dropLast().allSatisfy { scalar in
                scalar.properties.generalCategory != .control && scalar != "\u{2028}"
                    && scalar != "\u{2029}"
            }
            if !isTame || scalars.last != "\n" || Logfmt.fields(of: line)?.count != 6 {
                Issue.record("U+\(String(number, radix: 16)) is not tamed")
            }
        }
    }
}

/// Reads logfmt as `EventLog` writes it; an own reading, so that the writing is not its own judge.
private enum Logfmt {
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
