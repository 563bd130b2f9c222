/// Everything that can be observed of the program from outside its answers.
///
/// Code says what happened by one of these and nothing else; the log, the audit trail and the
/// metrics decide what they make of it. No case can carry a ticket, a cookie, a password or a name
/// that somebody typed at a login: there is no payload for one (ASVS 16.2.5). Users and sessions
/// are named by their public ids. `by` is who did it to the user: a public id, or `console:` and
/// the name of who used the command line; `nil` when it was the user.
package enum Event: Hashable, Sendable {
    // MARK: the program
    case started(version: String, listeningOn: String, workers: Int)
    case stopping(signal: String)
    case stopped(answeredAll: Bool)
    /// The keys are those of settings that changed and take effect at the next start.
    case settingsReloaded(needingRestart: [String])
    case settingsRefused(reason: String)
    case cookieNotSecure
    case acceptFailed(errno: Int, isFatal: Bool)
    /// Connections wait, and no worker has begun or ended anything for a while.
    case workersStalled
    case malformedFastCGIRequest
    case storageFailed(code: String, detail: String, during: String)
    case engineDoubtful(setting: String, reason: String)
    case changeFeedLost
    case changeFeedBack
    case foreignChangesSeen
    case swept(removed: Int)
    case auditDropped(count: Int)
    case backedUp(file: String, from: Origin)
    /// The number is that of the sessions that were in the backup and did not come back.
    case restored(file: String, endedSessions: Int, from: Origin)

    // MARK: accounts
    case userCreated(user: String, by: String?, from: Origin)
    case userUpdated(user: String, change: UserChange, by: String?, from: Origin)
    case userDeleted(user: String, by: String?, from: Origin)
    case usersImported(count: Int, by: String?, from: Origin)
    case groupsChanged(
        user: String,
        added: [String],
        removed: [String],
        by: String?,
        from: Origin
    )
    case passwordLinkMade(user: String, by: String?, from: Origin)
    case passwordChanged(user: String, endedSessions: Int, by: String?, from: Origin)
    case passwordChangeFailed(user: String, session: String, from: Origin)

    // MARK: logins
    case loginSucceeded(user: String, session: String, afterFailures: Int, from: Origin)
    /// The user is `nil` when the name belongs to no account.
    case loginFailed(user: String?, from: Origin)
    /// Refused for a time, which is in seconds.
    case loginThrottled(scope: ThrottleScope, retryAfter: Int, from: Origin)
    /// Refused because too many passwords wait to be hashed.
    case loginTurnedAway(from: Origin)
    case reauthenticated(user: String, session: String, from: Origin)
    case reauthenticationFailed(user: String, session: String, from: Origin)
    /// The policy is `nil` when it was one of Coatcheck's own actions that needs a new proof.
    case reauthenticationRequired(policy: String?, user: String, session: String)

    // MARK: sessions
    case sessionCreated(user: String, session: String, isRemembered: Bool, from: Origin)
    case sessionRenewed(user: String, session: String, from: Origin)
    case sessionsExceeded(user: String, ended: Int)
    case sessionEnded(session: String, user: String?, from: Origin)
    case sessionRevoked(session: String, user: String, by: String?, from: Origin)

    // MARK: what should not happen
    /// The origin is `nil` for a check of `auth_request`, which is not told.
    case suspiciousCookie(reason: SuspiciousCookie, from: Origin?)
    /// The origin is `nil` for a check of `auth_request`, which is not told.
    case endedTicketUsed(session: String, from: Origin?)
    case crossOriginRefused(path: String, from: Origin)
    case accessDenied(policy: String, user: String, session: String)
    case adminDenied(path: String, user: String, session: String, from: Origin)
    case unknownPolicy(name: String)
}
