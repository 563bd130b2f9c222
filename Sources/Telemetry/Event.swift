/// Everything that can be observed of the program from outside its answers.
///
/// Code says what happened by one of these and nothing else; only `EventLog` decides what becomes
/// a line. No case can carry a ticket, a cookie, a password or a name that somebody typed at a
/// login: there is no payload for one (ASVS 16.2.5). Users and sessions are named by their public
/// ids. The names that are written are OWASP's logging vocabulary where it has one.
package enum Event: Hashable, Sendable {
    // MARK: the program
    case started(version: String, listeningOn: String, workers: Int)
    case stopping(signal: String)
    case stopped(answeredAll: Bool)
    case cookieNotSecure
    case acceptFailed(errno: Int, isFatal: Bool)
    case malformedFastCGIRequest
    case storageFailed(code: String, detail: String, during: String)
    case changeFeedLost
    case changeFeedBack
    case foreignChangesSeen
    case swept(removed: Int)

    // MARK: people
    case userCreated(user: String, from: Origin)
    case loginSucceeded(user: String, session: String, from: Origin)
    case loginFailed(from: Origin)
    case loginTurnedAway(from: Origin)
    case sessionCreated(user: String, session: String, isRemembered: Bool)
    case sessionsExceeded(user: String, ended: Int)
    case sessionEnded(session: String)
    case sessionExpired(session: String)

    // MARK: what should not happen
    /// The origin is `nil` for a check of `auth_request`, which is not told.
    case suspiciousCookie(reason: SuspiciousCookie, from: Origin?)
    case crossOriginRefused(path: String, from: Origin)
    case accessDenied(policy: String, user: String, session: String)
    case unknownPolicy(name: String)

    /// Where a request came from.
    package struct Origin: Hashable, Sendable {
        /// The address, as nginx's REMOTE_ADDR said.
        package let address: String
        /// nginx's id of the request, which its own log can show too.
        package let requestID: String

        /// Describes where a request came from.
        package init(address: String, requestID: String) {
            self.address = address
            self.requestID = requestID
        }
    }

    /// What was wrong with a session cookie; its value is not part of it.
    package enum SuspiciousCookie: String, Hashable, Sendable {
        /// Two cookies of our name.
        case repeated
        /// Not the text of a ticket.
        case malformed
    }
}

/// Receives events.
///
/// It must not block for long: it is called by workers.
package typealias EventSink = @Sendable (Event) -> Void
