import Telemetry
import Testing

@Suite struct EventTests {
    private static let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")

    private static let place = " address=192.0.2.7 request=3f1c9a"

    /// Events of every kind, and what their lines say after the time.
    static let lines: [(event: Event, line: String)] = [
        (
            .started(version: "1", listeningOn: "/run/x", workers: 4),
            "info event=sys_startup version=1 socket=/run/x workers=4"
        ),
        (
            .stopping(signal: "SIGTERM"),
            "info event=sys_shutdown signal=SIGTERM"
        ),
        (
            .stopped(answeredAll: true),
            "info event=sys_stopped answered_all=true"
        ),
        (
            .settingsReloaded(needingRestart: []),
            "info event=sys_settings_reloaded"
        ),
        (
            .settingsReloaded(needingRestart: ["workers", "socket.path"]),
            "info event=sys_settings_reloaded needing_restart=workers,socket.path"
        ),
        (
            .settingsRefused(reason: "line 3: no"),
            #"warning event=sys_settings_refused reason="line 3: no""#
        ),
        (
            .cookieNotSecure,
            "warning event=cookie_not_secure"
        ),
        (
            .acceptFailed(errno: 24, isFatal: false),
            "error event=accept_failed errno=24 fatal=false"
        ),
        (
            .workersStalled,
            "error event=workers_stalled"
        ),
        (
            .malformedFastCGIRequest,
            "warning event=fastcgi_malformed"
        ),
        (
            .storageFailed(code: "io", detail: "SQLITE_IOERR (10)", during: "check"),
            #"error event=storage_failed code=io detail="SQLITE_IOERR (10)" during=check"#
        ),
        (
            .engineDoubtful(setting: "sessions.url", reason: "appendonly is no."),
            #"warning event=engine_doubtful setting=sessions.url reason="appendonly is no.""#
        ),
        (
            .changeFeedLost,
            "warning event=change_feed_lost"
        ),
        (
            .changeFeedBack,
            "info event=change_feed_back"
        ),
        (
            .foreignChangesSeen,
            "debug event=foreign_changes_seen"
        ),
        (
            .swept(removed: 3),
            "debug event=session_expired removed=3"
        ),
        (
            .auditDropped(count: 7),
            "error event=audit_dropped count=7"
        ),
        (
            .userCreated(user: "u", by: nil, from: origin),
            "info event=user_created user=u" + place
        ),
        (
            .userCreated(user: "u", by: "a", from: origin),
            "info event=user_created user=u by=a" + place
        ),
        (
            .userCreated(user: "u", by: nil, from: .console(user: "root")),
            "info event=user_created user=u by=console:root address=console"
        ),
        (
            .userCreated(user: "u", by: "console:root", from: .console(user: "root")),
            "info event=user_created user=u by=console:root address=console"
        ),
        (
            .userUpdated(user: "u", change: .disabled, by: "a", from: origin),
            "notice event=user_updated user=u by=a change=disabled" + place
        ),
        (
            .userUpdated(user: "u", change: .enabled, by: "a", from: origin),
            "notice event=user_updated user=u by=a change=enabled" + place
        ),
        (
            .userDeleted(user: "u", by: nil, from: origin),
            "notice event=user_deleted user=u" + place
        ),
        (
            .usersImported(count: 4, by: nil, from: .console(user: "root")),
            "notice event=users_imported by=console:root count=4 address=console"
        ),
        (
            .backedUp(file: "/a b.db", from: .console(user: "root")),
            "notice event=sys_backup by=console:root file=\"/a b.db\" address=console"
        ),
        (
            .restored(file: "a.db", endedSessions: 3, from: .console(user: "root")),
            "notice event=sys_restore by=console:root file=a.db ended=3 address=console"
        ),
        (
            .groupsChanged(user: "u", added: ["b", "c"], removed: ["d"], by: "a", from: origin),
            "notice event=privilege_permissions_changed user=u by=a added=b,c removed=d" + place
        ),
        (
            .groupsChanged(user: "u", added: [], removed: ["d"], by: "a", from: origin),
            "notice event=privilege_permissions_changed user=u by=a removed=d" + place
        ),
        (
            .passwordLinkMade(user: "u", by: "a", from: origin),
            "notice event=authn_password_link_created user=u by=a" + place
        ),
        (
            .passwordChanged(user: "u", endedSessions: 2, by: nil, from: origin),
            "info event=authn_password_change user=u ended=2" + place
        ),
        (
            .passwordChangeFailed(user: "u", session: "s", from: origin),
            "notice event=authn_password_change_fail user=u session=s" + place
        ),
        (
            .loginSucceeded(user: "u", session: "s", afterFailures: 0, from: origin),
            "info event=authn_login_success user=u session=s" + place
        ),
        (
            .loginSucceeded(user: "u", session: "s", afterFailures: 3, from: origin),
            "info event=authn_login_successafterfail user=u session=s failures=3" + place
        ),
        (
            .loginFailed(user: nil, from: origin),
            "notice event=authn_login_fail" + place
        ),
        (
            .loginFailed(user: "u", from: origin),
            "notice event=authn_login_fail user=u" + place
        ),
        (
            .loginThrottled(scope: .account, retryAfter: 8, from: origin),
            "warning event=authn_login_lock scope=account retry_after=8" + place
        ),
        (
            .loginThrottled(scope: .device, retryAfter: 8, from: origin),
            "warning event=authn_login_lock scope=device retry_after=8" + place
        ),
        (
            .loginThrottled(scope: .network, retryAfter: 8, from: origin),
            "warning event=authn_login_lock scope=network retry_after=8" + place
        ),
        (
            .loginThrottled(scope: .signup, retryAfter: 8, from: origin),
            "warning event=authn_login_lock scope=sign-up retry_after=8" + place
        ),
        (
            .loginThrottled(scope: .holder, retryAfter: 8, from: origin),
            "warning event=authn_login_lock scope=session retry_after=8" + place
        ),
        (
            .loginTurnedAway(from: origin),
            "notice event=authn_login_busy" + place
        ),
        (
            .reauthenticated(user: "u", session: "s", from: origin),
            "info event=authn_reauthentication_success user=u session=s" + place
        ),
        (
            .reauthenticationFailed(user: "u", session: "s", from: origin),
            "notice event=authn_reauthentication_fail user=u session=s" + place
        ),
        (
            .reauthenticationRequired(policy: "admin", user: "u", session: "s"),
            "info event=authz_step_up user=u session=s policy=admin"
        ),
        (
            .reauthenticationRequired(policy: nil, user: "u", session: "s"),
            "info event=authz_step_up user=u session=s"
        ),
        (
            .sessionCreated(user: "u", session: "s", isRemembered: true, from: origin),
            "debug event=session_created user=u session=s remembered=true" + place
        ),
        (
            .sessionRenewed(user: "u", session: "s", from: origin),
            "debug event=session_renewed user=u session=s" + place
        ),
        (
            .sessionsExceeded(user: "u", ended: 2),
            "notice event=excess_sessions_exceeded user=u ended=2"
        ),
        (
            .sessionEnded(session: "s", user: "u", from: origin),
            "info event=session_logout user=u session=s" + place
        ),
        (
            .sessionEnded(session: "s", user: nil, from: origin),
            "info event=session_logout session=s" + place
        ),
        (
            .sessionRevoked(session: "s", user: "u", by: "a", from: origin),
            "info event=session_revoked user=u by=a session=s" + place
        ),
        (
            .suspiciousCookie(reason: .repeated, from: origin),
            "warning event=suspicious_cookie reason=repeated" + place
        ),
        (
            .suspiciousCookie(reason: .malformed, from: nil),
            "warning event=suspicious_cookie reason=malformed"
        ),
        (
            .suspiciousCookie(reason: .malformed, from: Event.Origin(address: "", requestID: "")),
            #"warning event=suspicious_cookie reason=malformed address="""#
        ),
        (
            .endedTicketUsed(session: "s", from: origin),
            "warning event=authn_token_reuse session=s" + place
        ),
        (
            .endedTicketUsed(session: "s", from: nil),
            "warning event=authn_token_reuse session=s"
        ),
        (
            .crossOriginRefused(path: "/login", from: origin),
            "warning event=malicious_csrf path=/login" + place
        ),
        (
            .accessDenied(policy: "admin", user: "u", session: "s"),
            "notice event=authz_fail user=u session=s policy=admin"
        ),
        (
            .adminDenied(path: "/admin", user: "u", session: "s", from: origin),
            "notice event=authz_fail user=u session=s path=/admin" + place
        ),
        (
            .unknownPolicy(name: "editors"),
            "warning event=policy_unknown policy=editors"
        ),
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

    @Test func `every name belongs to an event, and the list of names is complete`() {
        let names = EventTests.lines.map(\.event.name)
        #expect(Set(names) == Set(Event.allNames))
        #expect(Event.allNames.count == Set(Event.allNames).count)
        #expect(Event.allNames.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "_" } })
    }

    @Test func `every case of the enum is among the examples`() {
        // Mirror shows an enum's case as the label of its only child, or in its description.
        let cases = EventTests.lines.map { line in
            Mirror(reflecting: line.event).children.first?.label ?? "\(line.event)"
        }
        // Two cases share `authz_fail`, and one case has two names.
        #expect(Set(cases).count == Event.allNames.count)
    }

    @Test func `no event has a field twice, or one of the names that every line has`() {
        for event in EventTests.lines.map(\.event) {
            let names =
                event.fields.map(\.name)
                + ["time", "level", "event", "suppressed", "dropped_before"]
            #expect(Set(names).count == names.count, "\(event)")
        }
    }

    @Test func `no payload is made for a secret (ASVS 16.2.5)`() {
        let known: Set<String> = [
            "version", "listeningOn", "workers", "signal", "answeredAll", "needingRestart",
            "reason", "errno", "isFatal", "code", "detail", "during", "removed", "count", "user",
            "change", "by", "from", "added", "endedSessions", "session", "afterFailures", "scope",
            "retryAfter", "policy", "isRemembered", "ended", "path", "file",
            "name", "setting",
        ]
        var found: Set<String> = []
        for event in EventTests.lines.map(\.event) {
            for payload in Mirror(reflecting: event).children {
                let labels = Mirror(reflecting: payload.value).children.map(\.label)
                found.formUnion(labels.map { $0 ?? "?" })
            }
        }
        #expect(found == known)
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
