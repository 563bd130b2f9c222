extension EventName {
    /// How much events of this name matter.
    var severity: Severity {
        switch self {
        case .swept, .sessionCreated, .sessionRenewed, .foreignChangesSeen: .debug
        case .started, .stopping, .stopped, .settingsReloaded, .changeFeedBack, .userCreated,
            .passwordChanged, .loginSucceeded, .loginSucceededAfterFailures, .reauthenticated,
            .reauthenticationRequired, .sessionEnded, .sessionRevoked:
            .info
        case .userUpdated, .userDeleted, .usersImported, .groupsChanged, .passwordLinkMade,
            .passwordChangeFailed, .loginFailed, .loginTurnedAway, .reauthenticationFailed,
            .sessionsExceeded, .accessDenied, .backedUp, .restored:
            .notice
        case .settingsRefused, .cookieNotSecure, .malformedFastCGIRequest, .engineDoubtful,
            .changeFeedLost,
            .loginThrottled, .suspiciousCookie, .endedTicketUsed, .crossOriginRefused,
            .unknownPolicy:
            .warning
        case .acceptFailed, .workersStalled, .storageFailed, .auditDropped: .error
        }
    }

    /// Whether such events are about people or access, or are the life of the program, and so are
    /// kept in the audit trail.
    var isAudited: Bool {
        switch self {
        case .started, .stopping, .settingsReloaded, .settingsRefused, .auditDropped, .backedUp,
            .restored, .userCreated, .userUpdated, .userDeleted, .usersImported, .groupsChanged,
            .passwordLinkMade, .passwordChanged, .passwordChangeFailed, .loginSucceeded,
            .loginSucceededAfterFailures, .loginFailed, .loginThrottled, .loginTurnedAway,
            .reauthenticated, .reauthenticationFailed, .reauthenticationRequired, .sessionCreated,
            .sessionRenewed, .sessionsExceeded, .sessionEnded, .sessionRevoked, .suspiciousCookie,
            .endedTicketUsed, .crossOriginRefused, .accessDenied, .unknownPolicy:
            true
        case .stopped, .cookieNotSecure, .acceptFailed, .workersStalled, .malformedFastCGIRequest,
            .storageFailed, .engineDoubtful, .changeFeedLost, .changeFeedBack, .foreignChangesSeen,
            .swept:
            false
        }
    }

    /// Whether an outsider can cause such events as often as they like.
    ///
    /// A failed login is not among them: each is written (ASVS 16.3.1), and how many there can be
    /// is bounded by throttling and by the time that a hash takes.
    var isBounded: Bool {
        switch self {
        case .malformedFastCGIRequest, .storageFailed, .loginThrottled, .loginTurnedAway,
            .reauthenticationRequired, .suspiciousCookie, .endedTicketUsed, .crossOriginRefused,
            .accessDenied, .unknownPolicy:
            true
        case .started, .stopping, .stopped, .settingsReloaded, .settingsRefused, .cookieNotSecure,
            .acceptFailed, .workersStalled, .engineDoubtful, .changeFeedLost, .changeFeedBack,
            .foreignChangesSeen,
            .swept, .auditDropped, .backedUp, .restored, .userCreated, .userUpdated, .userDeleted,
            .usersImported, .groupsChanged, .passwordLinkMade, .passwordChanged,
            .passwordChangeFailed, .loginSucceeded, .loginSucceededAfterFailures, .loginFailed,
            .reauthenticated, .reauthenticationFailed, .sessionCreated, .sessionRenewed,
            .sessionsExceeded, .sessionEnded, .sessionRevoked:
            false
        }
    }
}
