internal import Accounts
internal import HTTP
internal import Sessions
internal import Telemetry

// What the beginning of a session has in common, whichever way it came about.

extension Site {
    /// Says in the log what the beginning of a session did.
    func noteBeginning(
        of new: NewSession,
        _ visit: Visit,
        replaced: [EndedSession] = [],
        exceeded: [EndedSession] = []
    ) {
        let user = new.session.userID.text
        record(
            .sessionCreated(
                user: user,
                session: new.session.id.text,
                isRemembered: new.session.isRemembered,
                from: visit.origin
            )
        )
        if !exceeded.isEmpty { record(.sessionsExceeded(user: user, ended: exceeded.count)) }
        for old in replaced { noteEnd(of: old, visit) }
    }

    /// The tickets that a visit brings, for ending them; more than one is an event.
    func tickets(of visit: Visit) -> [TokenDigest] {
        let header = visit.request.cookie
        let mount = visit.request.mount
        if case .suspicious(let reason) = choices.cookie.find(in: header.span, mount: mount) {
            record(.suspiciousCookie(reason: reason, from: visit.origin))
        }
        return choices.cookie.tickets(in: header.span, mount: mount)
    }

    /// Puts the cookie of a new session into an answer.
    func give(_ new: NewSession, to response: inout Response, _ visit: Visit) {
        let lifetime = new.session.expiresAt - new.session.authenticatedAt
        let value = choices.cookie.giving(new.ticket, for: lifetime, mount: visit.request.mount)
        response.add("Set-Cookie", value)
    }

    // MARK: known devices

    /// Where a try to log in comes from, for the throttle.
    func source(of visit: Visit) -> LoginSource {
        LoginSource(address: visit.request.remoteAddress, device: device(of: visit))
    }

    /// Remembers the device of a login, and gives it a cookie for as long as it stays known.
    ///
    /// The cookie is drawn here, never taken from the browser: a planted one becomes nobody's
    /// device. One that is known for this account is given again, so that the time begins anew.
    /// A failure of storage leaves the login as it is, without a known device.
    func rememberDevice(
        of user: PublicID,
        isKnown: Bool,
        in response: inout Response,
        _ visit: Visit
    ) async {
        let mount = visit.request.mount
        let drawn = Ticket.random()
        let known = isKnown ? device(of: visit) : nil
        do throws(StorageError) {
            try await accounts.remember(device: known ?? drawn.digest, of: user)
        } catch {
            _ = problem(of: error, during: "device")
            return
        }
        let cookie = visit.request.cookie
        let span = choices.knownDevice
        let value =
            known == nil
            ? choices.deviceCookie.giving(drawn, for: span, mount: mount)
            : choices.deviceCookie.givingAgain(from: cookie.span, for: span, mount: mount)
        if let value { response.add("Set-Cookie", value) }
    }

    private func device(of visit: Visit) -> TokenDigest? {
        let cookie = visit.request.cookie
        let mount = visit.request.mount
        guard case .ticket(let key) = choices.deviceCookie.find(in: cookie.span, mount: mount)
        else { return nil }
        return key
    }

    // MARK: where it leads

    /// Where a login leads: to `next` where that is allowed, else to the account page.
    func destination(next: String?, mount: String) -> String {
        next.flatMap { ReturnPath($0, allowedHosts: choices.returnHosts)?.location }
            ?? mount + "/account"
    }

    /// Answers a form that was right: on to `next`, or to the account page.
    func onward(to next: String?, _ visit: Visit) -> Response {
        let location = destination(next: next, mount: visit.request.mount)
        return location.hasPrefix("/")
            ? .redirect(location) : pages.onward(to: location, of: visit)
    }

    /// Where a visit to the login page leads when there is nothing to log in to.
    func destination(of visit: Visit) -> String {
        destination(next: visit.request.queryValue("next"), mount: visit.request.mount)
    }

    // MARK: refusals

    /// The problem that an unsuccessful proof of a password is, with its event; not for wrong
    /// passwords, which every caller tells in its own way.
    func problem(
        of error: AuthenticationError,
        during operation: String,
        _ visit: Visit
    ) -> Problem {
        switch error {
        case .invalidCredentials: return .invalidCredentials
        case .throttled(let scope, let seconds): return throttled(scope, seconds, visit)
        case .busy: return busy(visit)
        case .storage(let error): return problem(of: error, during: operation)
        }
    }

    /// 429, with its event.
    func throttled(_ scope: ThrottleKey.Scope, _ seconds: Int, _ visit: Visit) -> Problem {
        record(
            .loginThrottled(
                scope: Event.ThrottleScope(scope),
                retryAfter: seconds,
                from: visit.origin
            )
        )
        return .tooManyRequests(retryAfter: seconds)
    }

    /// 503 because the hashing lanes are full, with its event.
    func busy(_ visit: Visit) -> Problem {
        record(.loginTurnedAway(from: visit.origin))
        return .busy()
    }
}

extension Event.ThrottleScope {
    /// The scope of a counter, in the words of the log.
    init(_ scope: ThrottleKey.Scope) {
        switch scope {
        case .account: self = .account
        case .device: self = .device
        case .network: self = .network
        case .signUp: self = .signup
        case .holder: self = .holder
        }
    }
}
