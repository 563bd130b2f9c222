extension Event {
    /// A name and a value that belong to an event.
    package typealias Field = (name: String, value: String)

    /// What belongs to the event, in the order in which it is written.
    ///
    /// Who and which session come first, then what is peculiar to the event, then from where. What
    /// is not known is left out.
    package var fields: [Field] { subject + particulars + (origin?.fields ?? []) }

    /// The user, who did it to them, and the session.
    private var subject: [Field] {
        let (user, by, session): (String?, String?, String?) =
            switch self {
            case .userCreated(let user, let by, _), .userUpdated(let user, _, let by, _),
                .userDeleted(let user, let by, _), .groupsChanged(let user, _, _, let by, _),
                .passwordLinkMade(let user, let by, _), .passwordChanged(let user, _, let by, _):
                (user, by, nil)
            case .usersImported(_, let by, _): (nil, by, nil)
            case .passwordChangeFailed(let user, let session, _),
                .loginSucceeded(let user, let session, _, _),
                .reauthenticated(let user, let session, _),
                .reauthenticationFailed(let user, let session, _),
                .reauthenticationRequired(_, let user, let session),
                .sessionCreated(let user, let session, _, _),
                .sessionRenewed(let user, let session, _),
                .accessDenied(_, let user, let session),
                .adminDenied(_, let user, let session, _):
                (user, nil, session)
            case .loginFailed(let user, _): (user, nil, nil)
            case .sessionsExceeded(let user, _): (user, nil, nil)
            case .sessionEnded(let session, let user, _): (user, nil, session)
            case .sessionRevoked(let session, let user, let by, _): (user, by, session)
            case .endedTicketUsed(let session, _): (nil, nil, session)
            case .started, .stopping, .stopped, .settingsReloaded, .settingsRefused,
                .cookieNotSecure, .acceptFailed, .workersStalled, .malformedFastCGIRequest,
                .storageFailed, .engineDoubtful, .changeFeedLost, .changeFeedBack,
                .foreignChangesSeen, .swept,
                .auditDropped, .backedUp, .restored, .loginThrottled, .loginTurnedAway,
                .suspiciousCookie, .crossOriginRefused, .unknownPolicy:
                (nil, nil, nil)
            }
        return [("user", user), ("by", by ?? origin?.console), ("session", session)]
            .compactMap { name, value in value.map { (name, $0) } }
    }

    /// What other events do not have.
    private var particulars: [Field] {
        switch self {
        case .started(let version, let listeningOn, let workers):
            [("version", version), ("socket", listeningOn), ("workers", "\(workers)")]
        case .stopping(let signal): [("signal", signal)]
        case .stopped(let answeredAll): [("answered_all", "\(answeredAll)")]
        case .settingsReloaded(let keys): Event.list("needing_restart", keys)
        case .settingsRefused(let reason): [("reason", reason)]
        case .acceptFailed(let errno, let isFatal):
            [("errno", "\(errno)"), ("fatal", "\(isFatal)")]
        case .storageFailed(let code, let detail, let during):
            [("code", code), ("detail", detail), ("during", during)]
        case .swept(let removed): [("removed", "\(removed)")]
        case .engineDoubtful(let setting, let reason):
            [("setting", setting), ("reason", reason)]
        case .auditDropped(let count), .usersImported(let count, _, _): [("count", "\(count)")]
        case .backedUp(let file, _): [("file", file)]
        case .restored(let file, let ended, _): [("file", file), ("ended", "\(ended)")]
        case .userUpdated(_, let change, _, _): [("change", change.rawValue)]
        case .groupsChanged(_, let added, let removed, _, _):
            Event.list("added", added) + Event.list("removed", removed)
        case .passwordChanged(_, let ended, _, _), .sessionsExceeded(_, let ended):
            [("ended", "\(ended)")]
        case .loginSucceeded(_, _, let failures, _):
            failures > 0 ? [("failures", "\(failures)")] : []
        case .loginThrottled(let scope, let seconds, _):
            [("scope", scope.rawValue), ("retry_after", "\(seconds)")]
        case .sessionCreated(_, _, let isRemembered, _): [("remembered", "\(isRemembered)")]
        case .suspiciousCookie(let reason, _): [("reason", reason.rawValue)]
        case .crossOriginRefused(let path, _), .adminDenied(let path, _, _, _): [("path", path)]
        case .reauthenticationRequired(let policy, _, _):
            policy.map { [("policy", $0)] } ?? []
        case .accessDenied(let policy, _, _), .unknownPolicy(let policy): [("policy", policy)]
        case .cookieNotSecure, .workersStalled, .malformedFastCGIRequest, .changeFeedLost,
            .changeFeedBack, .foreignChangesSeen, .userCreated, .userDeleted, .passwordLinkMade,
            .passwordChangeFailed, .loginFailed, .loginTurnedAway, .reauthenticated,
            .reauthenticationFailed, .sessionRenewed, .sessionEnded, .sessionRevoked,
            .endedTicketUsed:
            []
        }
    }

    /// Where it came from, if that is known.
    private var origin: Origin? {
        switch self {
        case .userCreated(_, _, let origin), .userUpdated(_, _, _, let origin),
            .userDeleted(_, _, let origin), .usersImported(_, _, let origin),
            .groupsChanged(_, _, _, _, let origin), .passwordLinkMade(_, _, let origin),
            .passwordChanged(_, _, _, let origin), .passwordChangeFailed(_, _, let origin),
            .loginSucceeded(_, _, _, let origin), .loginFailed(_, let origin),
            .loginThrottled(_, _, let origin), .loginTurnedAway(let origin),
            .reauthenticated(_, _, let origin), .reauthenticationFailed(_, _, let origin),
            .sessionCreated(_, _, _, let origin), .sessionRenewed(_, _, let origin),
            .sessionEnded(_, _, let origin), .sessionRevoked(_, _, _, let origin),
            .crossOriginRefused(_, let origin), .adminDenied(_, _, _, let origin),
            .backedUp(_, let origin), .restored(_, _, let origin):
            origin
        case .suspiciousCookie(_, let origin), .endedTicketUsed(_, let origin): origin
        case .started, .stopping, .stopped, .settingsReloaded, .settingsRefused, .cookieNotSecure,
            .acceptFailed, .workersStalled, .malformedFastCGIRequest, .storageFailed,
            .engineDoubtful, .changeFeedLost, .changeFeedBack, .foreignChangesSeen, .swept,
            .auditDropped,
            .reauthenticationRequired, .sessionsExceeded, .accessDenied, .unknownPolicy:
            nil
        }
    }

    /// A list as one field, separated by commas; no field when it is empty.
    private static func list(_ name: String, _ values: [String]) -> [Field] {
        values.isEmpty ? [] : [(name, values.joined(separator: ","))]
    }
}

extension Event.Origin {
    fileprivate var fields: [Event.Field] {
        [("address", address)] + (requestID.isEmpty ? [] : [("request", requestID)])
    }
}
