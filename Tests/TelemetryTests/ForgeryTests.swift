import Telemetry
import Testing

/// Values cannot forge a line or a field of the log (ASVS 16.4.1).
@Suite struct ForgeryTests {
    /// Writes a value as a field between two others.
    private func line(with value: String, format: LogFormat = .logfmt) -> String {
        let event = Event.storageFailed(code: "io", detail: value, during: "check")
        return EventLog.line(event, at: 0, hasPriority: false, format: format)
    }

    static let values = [
        "a\ntime=1970-01-01T00:00:00Z level=info event=authn_login_success user=root",
        "a\r\nb", "a\rb", "x\" during=forged event=\"y", "x during=forged", "a=b", "\\", "\\\"",
        "\\u{a}", "", " ", "\t", "a\u{0}b", "\u{1B}[2K\u{1B}[1A", "\u{7F}", "\u{85}",
        "\u{9B}2K",
        "\u{2028}x", "\u{2029}x", "\u{B}\u{C}", "Zoë 李 😀", "\"\u{301} during=forged",
        "\\\u{301}",
        "\n\u{301}", "\u{FEFF}", "e\u{301}", "'", "`id`", "$(id)", "%n", "<3>", "a\"",
        "{", "\",\"event\":\"forged", "\u{D7FF}\u{E000}\u{10FFFF}", "/",
    ]

    @Test(arguments: values)
    func `a value is read back as it was and changes nothing round it`(value: String) throws {
        let line = line(with: value)
        let fields = try #require(Logfmt.fields(of: line))
        #expect(fields.map(\.name) == ["time", "level", "event", "code", "detail", "during"])
        #expect(fields[4].value.unicodeScalars.elementsEqual(value.unicodeScalars))
        #expect(fields[5].value == "check")
    }

    @Test(arguments: values)
    func `a value is read back from JSON as it was (RFC 8259)`(value: String) throws {
        let line = line(with: value, format: .json)
        let fields = try #require(JSONLine.fields(of: line))
        #expect(fields.map(\.name) == ["time", "level", "event", "code", "detail", "during"])
        #expect(fields[4].value.unicodeScalars.elementsEqual(value.unicodeScalars))
        #expect(fields[5].value == "check")
    }

    @Test(arguments: LogFormat.allCases)
    func `a line has at most the 4096 bytes that a pipe takes at once`(format: LogFormat) {
        let long = ["x", "\u{2028}", "\"", "😀", "\u{1}"].map {
            String(repeating: $0, count: 100_000)
        }
        for text in long {
            let origin = Event.Origin(address: text, requestID: text)
            let events: [Event] = [
                .groupsChanged(user: text, added: [text], removed: [text], by: text, from: origin),
                .loginSucceeded(user: text, session: text, afterFailures: .max, from: origin),
                .storageFailed(code: text, detail: text, during: text),
                .settingsRefused(reason: text),
            ]
            for event in events {
                let line = EventLog.line(
                    event,
                    at: 0,
                    hasPriority: true,
                    format: format,
                    suppressed: .max,
                    droppedBefore: .max
                )
                #expect(line.utf8.count <= 4096)
                #expect(line.hasSuffix("dropped_before=9223372036854775807\n") || format == .json)
                let fields =
                    format == .json
                    ? JSONLine.fields(of: String(line.dropFirst(3)))
                    : Logfmt.fields(of: String(line.dropFirst(3)))
                #expect(fields?.last?.value == "\(Int.max)")
                #expect(fields?.contains { $0.value.hasSuffix("…") } == true)
            }
        }
    }

    @Test func `no character ends the line or moves the cursor of a terminal`() throws {
        for number in UInt32(0)...0x2FFF {
            guard let scalar = Unicode.Scalar(number) else { continue }
            let json = line(with: "a\(scalar)\u{301}", format: .json)
            if JSONLine.fields(of: json)?.count != 6 {
                Issue.record("U+\(String(number, radix: 16)) is not tamed in JSON")
            }
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
