extension Event {
    /// Which of the names the event has.
    package var eventName: EventName {
        switch self {
        case .started: .started
        case .stopping: .stopping
        case .stopped: .stopped
        case .settingsReloaded: .settingsReloaded
        case .settingsRefused: .settingsRefused
        case .cookieNotSecure: .cookieNotSecure
        case .acceptFailed: .acceptFailed
        case .workersStalled: .workersStalled
        case .malformedFastCGIRequest: .malformedFastCGIRequest
        case .storageFailed: .storageFailed
        case .engineDoubtful: .engineDoubtful
        case .changeFeedLost: .changeFeedLost
        case .changeFeedBack: .changeFeedBack
        case .foreignChangesSeen: .foreignChangesSeen
        case .swept: .swept
        case .auditDropped: .auditDropped
        case .backedUp: .backedUp
        case .restored: .restored
        case .userCreated: .userCreated
        case .userUpdated: .userUpdated
        case .userDeleted: .userDeleted
        case .usersImported: .usersImported
        case .groupsChanged: .groupsChanged
        case .passwordLinkMade: .passwordLinkMade
        case .passwordChanged: .passwordChanged
        case .passwordChangeFailed: .passwordChangeFailed
        case .loginSucceeded(_, _, let afterFailures, _):
            afterFailures > 0 ? .loginSucceededAfterFailures : .loginSucceeded
        case .loginFailed: .loginFailed
        case .loginThrottled: .loginThrottled
        case .loginTurnedAway: .loginTurnedAway
        case .reauthenticated: .reauthenticated
        case .reauthenticationFailed: .reauthenticationFailed
        case .reauthenticationRequired: .reauthenticationRequired
        case .sessionCreated: .sessionCreated
        case .sessionRenewed: .sessionRenewed
        case .sessionsExceeded: .sessionsExceeded
        case .sessionEnded: .sessionEnded
        case .sessionRevoked: .sessionRevoked
        case .suspiciousCookie: .suspiciousCookie
        case .endedTicketUsed: .endedTicketUsed
        case .crossOriginRefused: .crossOriginRefused
        case .accessDenied, .adminDenied: .accessDenied
        case .unknownPolicy: .unknownPolicy
        }
    }

    /// The name that is written: stable, made for searching.
    package var name: String { eventName.text }

    /// Every name that an event can have.
    package static var allNames: [String] { EventName.allCases.map(\.text) }

    /// How much the event matters.
    package var severity: Severity { eventName.severity }
}
