import Telemetry
import Testing

@Suite struct LogFormatTests {
    @Test func `JSON has the names and values of logfmt, all as strings`() {
        let event = Event.loginSucceeded(
            user: "u",
            session: "s",
            afterFailures: 2,
            from: Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")
        )
        let line = EventLog.line(event, at: 1_769_860_800, hasPriority: true, format: .json)
        #expect(
            line == #"<6>{"time":"2026-01-31T12:00:00Z","level":"info","#
                + #""event":"authn_login_successafterfail","user":"u","session":"s","#
                + #""failures":"2","address":"192.0.2.7","request":"3f1c9a"}"# + "\n"
        )
    }

    @Test(arguments: EventTests.lines.map(\.event))
    func `both formats say the same of every event`(event: Event) {
        let json = JSONLine.fields(
            of: EventLog.line(event, at: 0, hasPriority: false, format: .json)
        )
        let logfmt = Logfmt.fields(of: EventLog.line(event, at: 0, hasPriority: false))
        #expect(json?.map(\.name) == logfmt?.map(\.name))
        #expect(json?.map(\.value) == logfmt?.map(\.value))
        #expect(json != nil)
    }

    @Test func `JSON escapes as RFC 8259 says`() {
        let event = Event.settingsRefused(reason: "\"\\/\n\u{0}\u{1F}\u{7F}\u{2028}é")
        let line = EventLog.line(event, at: 0, hasPriority: false, format: .json)
        #expect(line.contains(#""reason":"\"\\/\u000a\u0000\u001f\u007f\u2028é""#))
    }
}
