import Telemetry
import Testing

@Suite struct EventTests {
    private static let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")

    /// One event of each kind, and what its line says after the time.
    static let lines: [(event: Event, line: String)] = [
        (
            .started(version: "1", listeningOn: "/run/x", workers: 4),
            "info event=sys_startup version=1 socket=/run/x workers=4"
        ),
        (.stopping(signal: "SIGTERM"), "info event=sys_shutdown signal=SIGTERM"),
        (.stopped(answeredAll: true), "info event=sys_stopped answered_all=true"),
        (.cookieNotSecure, "warning event=cookie_not_secure"),
        (
            .acceptFailed(errno: 24, isFatal: false),
            "error event=accept_failed errno=24 fatal=false"
        ),
        (.malformedFastCGIRequest, "warning event=fastcgi_malformed"),
        (
            .storageFailed(code: "io", detail: "SQLITE_IOERR (10)", during: "check"),
            #"error event=storage_failed code=io detail="SQLITE_IOERR (10)" during=check"#
        ),
        (.changeFeedLost, "warning event=change_feed_lost"),
        (.changeFeedBack, "info event=change_feed_back"),
        (.foreignChangesSeen, "debug event=foreign_changes_seen"),
        (.swept(removed: 3), "debug event=sessions_swept removed=3"),
        (
            .userCreated(user: "u", from: origin),
            "info event=user_created user=u address=192.0.2.7 request=3f1c9a"
        ),
        (
            .loginSucceeded(user: "u", session: "s", from: origin),
            "info event=authn_login_success user=u session=s address=192.0.2.7 request=3f1c9a"
        ),
        (
            .loginFailed(from: origin),
            "notice event=authn_login_fail address=192.0.2.7 request=3f1c9a"
        ),
        (
            .loginTurnedAway(from: origin),
            "notice event=authn_login_busy address=192.0.2.7 request=3f1c9a"
        ),
        (
            .sessionCreated(user: "u", session: "s", isRemembered: true),
            "debug event=session_created user=u session=s remembered=true"
        ),
        (
            .sessionsExceeded(user: "u", ended: 2),
            "notice event=excess_sessions_exceeded user=u ended=2"
        ),
        (.sessionEnded(session: "s"), "info event=session_logout session=s"),
        (.sessionExpired(session: "s"), "info event=session_expired session=s"),
        (
            .suspiciousCookie(reason: .repeated, from: origin),
            "warning event=suspicious_cookie reason=repeated address=192.0.2.7 request=3f1c9a"
        ),
        (
            .suspiciousCookie(reason: .malformed, from: Event.Origin(address: "", requestID: "")),
            #"warning event=suspicious_cookie reason=malformed address="" request="""#
        ),
        (
            .crossOriginRefused(path: "/login", from: origin),
            "warning event=malicious_csrf path=/login address=192.0.2.7 request=3f1c9a"
        ),
        (
            .accessDenied(policy: "admin", user: "u", session: "s"),
            "notice event=authz_fail policy=admin user=u session=s"
        ),
        (.unknownPolicy(name: "editors"), "warning event=policy_unknown policy=editors"),
    ]

    @Test(arguments: lines)
    func `an event is one line of logfmt in UTC (ASVS 16.2.1 to 16.2.4)`(
        event: Event,
        line: String
    ) {
        #expect(
            EventLog.line(event, at: 1_769_860_800, hasPriority: false)
                == "time=2026-01-31T12:00:00Z level=\(line)\n"
        )
    }

    @Test func `the names are stable words and none stands for two events`() {
        let names = EventTests.lines.map(\.event.name)
        // One event is listed twice, with another payload.
        #expect(Set(names).count == names.count - 1)
        #expect(names.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "_" } })
    }

    @Test(
        arguments: [
            (Severity.debug, "<7>"), (.info, "<6>"), (.notice, "<5>"), (.warning, "<4>"),
            (.error, "<3>"),
        ]
    )
    func `the journal gets the priority of syslog first (sd-daemon(3))`(
        severity: Severity,
        prefix: String
    ) {
        let events = EventTests.lines.map(\.event).filter { $0.severity == severity }
        #expect(!events.isEmpty)
        for event in events {
            let plain = EventLog.line(event, at: 0, hasPriority: false)
            #expect(EventLog.line(event, at: 0, hasPriority: true) == prefix + plain)
        }
    }

    @Test func `severities are in the order of syslog`() {
        #expect(Severity.allCases == Severity.allCases.sorted())
        #expect(Severity.allCases == [.debug, .info, .notice, .warning, .error])
    }

    @Test func `the log writes what matters enough, a line each, to standard error`() async {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardErrorContent]
        ) {
            let log = EventLog(threshold: .notice, hasPriorities: false)
            log.record(.swept(removed: 1))
            log.record(.stopping(signal: "SIGTERM"))
            log.record(.sessionsExceeded(user: "u", ended: 2))
            log.record(.changeFeedLost)
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("time=") }
        let ends = lines.map { $0.drop { $0 != " " } }
        #expect(
            ends == [
                " level=notice event=excess_sessions_exceeded user=u ended=2",
                " level=warning event=change_feed_lost",
            ]
        )
    }
}
