/// How much an event matters, after syslog(3).
package enum Severity: Int, Comparable, CaseIterable, Sendable {
    case debug, info, notice, warning, error

    package static func < (left: Severity, right: Severity) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The number with which journald knows it (sd-daemon(3)).
    var journalPriority: Int {
        switch self {
        case .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        }
    }
}

extension Event {
    /// How much the event matters.
    package var severity: Severity {
        switch self {
        case .swept, .sessionCreated, .foreignChangesSeen: .debug
        case .started, .stopping, .stopped, .userCreated, .loginSucceeded, .sessionEnded,
            .sessionExpired, .changeFeedBack:
            .info
        case .loginFailed, .loginTurnedAway, .sessionsExceeded, .accessDenied: .notice
        case .cookieNotSecure, .malformedFastCGIRequest, .suspiciousCookie, .crossOriginRefused,
            .unknownPolicy, .changeFeedLost:
            .warning
        case .acceptFailed, .storageFailed: .error
        }
    }

    /// The name that is written: stable, made for searching.
    package var name: String {
        switch self {
        case .started: "sys_startup"
        case .stopping: "sys_shutdown"
        case .stopped: "sys_stopped"
        case .cookieNotSecure: "cookie_not_secure"
        case .acceptFailed: "accept_failed"
        case .malformedFastCGIRequest: "fastcgi_malformed"
        case .storageFailed: "storage_failed"
        case .changeFeedLost: "change_feed_lost"
        case .changeFeedBack: "change_feed_back"
        case .foreignChangesSeen: "foreign_changes_seen"
        case .swept: "sessions_swept"
        case .userCreated: "user_created"
        case .loginSucceeded: "authn_login_success"
        case .loginFailed: "authn_login_fail"
        case .loginTurnedAway: "authn_login_busy"
        case .sessionCreated: "session_created"
        case .sessionsExceeded: "excess_sessions_exceeded"
        case .sessionEnded: "session_logout"
        case .sessionExpired: "session_expired"
        case .suspiciousCookie: "suspicious_cookie"
        case .crossOriginRefused: "malicious_csrf"
        case .accessDenied: "authz_fail"
        case .unknownPolicy: "policy_unknown"
        }
    }

    /// What belongs to the event, in the order in which it is written.
    package var fields: [(name: String, value: String)] {
        switch self {
        case .started(let version, let listeningOn, let workers):
            [("version", version), ("socket", listeningOn), ("workers", "\(workers)")]
        case .stopping(let signal): [("signal", signal)]
        case .stopped(let answeredAll): [("answered_all", "\(answeredAll)")]
        case .cookieNotSecure, .malformedFastCGIRequest, .changeFeedLost, .changeFeedBack,
            .foreignChangesSeen:
            []
        case .acceptFailed(let errno, let isFatal):
            [("errno", "\(errno)"), ("fatal", "\(isFatal)")]
        case .storageFailed(let code, let detail, let during):
            [("code", code), ("detail", detail), ("during", during)]
        case .swept(let removed): [("removed", "\(removed)")]
        case .userCreated(let user, let origin): [("user", user)] + origin.fields
        case .loginSucceeded(let user, let session, let origin):
            [("user", user), ("session", session)] + origin.fields
        case .loginFailed(let origin), .loginTurnedAway(let origin): origin.fields
        case .sessionCreated(let user, let session, let isRemembered):
            [("user", user), ("session", session), ("remembered", "\(isRemembered)")]
        case .sessionsExceeded(let user, let ended): [("user", user), ("ended", "\(ended)")]
        case .sessionEnded(let session), .sessionExpired(let session): [("session", session)]
        case .suspiciousCookie(let reason, let origin):
            [("reason", reason.rawValue)] + (origin?.fields ?? [])
        case .crossOriginRefused(let path, let origin): [("path", path)] + origin.fields
        case .accessDenied(let policy, let user, let session):
            [("policy", policy), ("user", user), ("session", session)]
        case .unknownPolicy(let name): [("policy", name)]
        }
    }
}

extension Event.Origin {
    fileprivate var fields: [(name: String, value: String)] {
        [("address", address), ("request", requestID)]
    }
}
