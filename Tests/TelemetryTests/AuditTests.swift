import Telemetry
import Testing

@Suite struct AuditTests {
    private static let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")

    @Test func `a record says who, what, when, from where and which session (ASVS 16.2.1)`() {
        let event = Event.sessionRevoked(session: "s", user: "u", by: "a", from: AuditTests.origin)
        #expect(
            AuditRecord(event, at: 12)
                == AuditRecord(
                    at: 12,
                    event: "session_revoked",
                    user: "u",
                    by: "a",
                    session: "s",
                    address: "192.0.2.7",
                    request: "3f1c9a"
                )
        )
    }

    @Test func `the other fields are the detail, in logfmt`() {
        let event = Event.groupsChanged(
            user: "u",
            added: ["b", "c d"],
            removed: ["e"],
            by: nil,
            from: .console(user: "root")
        )
        let record = AuditRecord(event, at: 12)
        #expect(record?.by == "console:root")
        #expect(record?.address == "console")
        #expect(record?.request == nil)
        #expect(record?.detail == #"added="b,c d" removed=e"#)
    }

    @Test(arguments: EventTests.lines.map(\.event))
    func `a record has every field of its event and no other`(event: Event) throws {
        guard let record = AuditRecord(event, at: 0) else { return }
        #expect(record.event == event.name)
        let named = [
            ("user", record.user), ("by", record.by), ("session", record.session),
            ("address", record.address), ("request", record.request),
        ].compactMap { name, value in value.map { "\(name)=\($0)" } }
        let detail = try #require(Logfmt.fields(of: record.detail + "\n"))
        let all = named + detail.map { "\($0.name)=\($0.value)" }
        #expect(all.sorted() == event.fields.map { "\($0.name)=\($0.value)" }.sorted())
    }

    @Test func `the trail is about people, access and the life of the program`() {
        let absent = EventTests.lines.map(\.event).filter { AuditRecord($0, at: 0) == nil }
        #expect(
            Set(absent.map(\.name)) == [
                "sys_stopped", "cookie_not_secure", "accept_failed", "workers_stalled",
                "fastcgi_malformed", "storage_failed", "engine_doubtful", "change_feed_lost",
                "change_feed_back",
                "foreign_changes_seen", "session_expired",
            ]
        )
    }

    @Test func `a forged value stays in its field, and a long one is cut`() {
        let event = Event.adminDenied(
            path: "/x\nuser=forged by=\"a",
            user: String(repeating: "é", count: 100_000),
            session: "s",
            from: AuditTests.origin
        )
        let record = AuditRecord(event, at: 0)
        #expect(record?.detail == #"path="/x\u{a}user=forged by=\"a""#)
        #expect(record?.user?.hasSuffix("é…") == true)
        #expect((record?.user?.utf8.count ?? 0) < 4096)
    }
}
