/// The names of events: stable words, made for searching.
///
/// They are OWASP's logging vocabulary where it has one. The raw value is the place in lists and
/// is never written anywhere.
package enum EventName: Int, CaseIterable, Sendable {
    case started, stopping, stopped, settingsReloaded, settingsRefused, cookieNotSecure
    case acceptFailed, workersStalled, malformedFastCGIRequest, storageFailed
    case engineDoubtful, changeFeedLost, changeFeedBack, foreignChangesSeen, swept, auditDropped
    case backedUp, restored
    case userCreated, userUpdated, userDeleted, usersImported, groupsChanged
    case passwordLinkMade, passwordChanged, passwordChangeFailed
    case loginSucceeded, loginSucceededAfterFailures, loginFailed, loginThrottled, loginTurnedAway
    case reauthenticated, reauthenticationFailed, reauthenticationRequired
    case sessionCreated, sessionRenewed, sessionsExceeded, sessionEnded, sessionRevoked
    case suspiciousCookie, endedTicketUsed, crossOriginRefused, accessDenied, unknownPolicy

    /// The name as it is written.
    package var text: String {
        switch self {
        case .started: "sys_startup"
        case .stopping: "sys_shutdown"
        case .stopped: "sys_stopped"
        case .settingsReloaded: "sys_settings_reloaded"
        case .settingsRefused: "sys_settings_refused"
        case .cookieNotSecure: "cookie_not_secure"
        case .acceptFailed: "accept_failed"
        case .workersStalled: "workers_stalled"
        case .malformedFastCGIRequest: "fastcgi_malformed"
        case .storageFailed: "storage_failed"
        case .engineDoubtful: "engine_doubtful"
        case .changeFeedLost: "change_feed_lost"
        case .changeFeedBack: "change_feed_back"
        case .foreignChangesSeen: "foreign_changes_seen"
        case .swept: "session_expired"
        case .auditDropped: "audit_dropped"
        case .backedUp: "sys_backup"
        case .restored: "sys_restore"
        case .userCreated: "user_created"
        case .userUpdated: "user_updated"
        case .userDeleted: "user_deleted"
        case .usersImported: "users_imported"
        case .groupsChanged: "privilege_permissions_changed"
        case .passwordLinkMade: "authn_password_link_created"
        case .passwordChanged: "authn_password_change"
        case .passwordChangeFailed: "authn_password_change_fail"
        case .loginSucceeded: "authn_login_success"
        case .loginSucceededAfterFailures: "authn_login_successafterfail"
        case .loginFailed: "authn_login_fail"
        case .loginThrottled: "authn_login_lock"
        case .loginTurnedAway: "authn_login_busy"
        case .reauthenticated: "authn_reauthentication_success"
        case .reauthenticationFailed: "authn_reauthentication_fail"
        case .reauthenticationRequired: "authz_step_up"
        case .sessionCreated: "session_created"
        case .sessionRenewed: "session_renewed"
        case .sessionsExceeded: "excess_sessions_exceeded"
        case .sessionEnded: "session_logout"
        case .sessionRevoked: "session_revoked"
        case .suspiciousCookie: "suspicious_cookie"
        case .endedTicketUsed: "authn_token_reuse"
        case .crossOriginRefused: "malicious_csrf"
        case .accessDenied: "authz_fail"
        case .unknownPolicy: "policy_unknown"
        }
    }
}
