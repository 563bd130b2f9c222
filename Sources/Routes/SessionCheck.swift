package import HTTP
internal import Sessions
internal import Telemetry

/// What nginx asks before it serves a guarded place, read from its parameters.
package struct CheckQuestion: Sendable {
    /// The name of the policy.
    package let policy: String
    private let finding: TicketCookie.Finding

    /// Reads the question; the cookies are looked at where they lie.
    package init(policy: String, cookies: Span<UInt8>, mount: String, of site: Site) {
        self.policy = policy
        finding = site.choices.cookie.find(in: cookies, mount: mount)
    }

    fileprivate var key: TokenDigest? {
        if case .ticket(let key) = finding { key } else { nil }
    }

    fileprivate var suspicion: Event.SuspiciousCookie? {
        if case .suspicious(let reason) = finding { reason } else { nil }
    }
}

extension Site {
    /// Answers nginx's `auth_request`: the hot path.
    ///
    /// 204 with who it is, 401 without a session or where the policy wants a newer proof of the
    /// password, 403 without the group. Anything else, also
    /// every failure, nginx turns into an error page: closed. The refusal is the default, and the
    /// one way to 204 is the last line.
    package func answer(_ question: CheckQuestion) async -> Response {
        guard let key = question.key else {
            if let reason = question.suspicion {
                record(.suspiciousCookie(reason: reason, from: nil))
            }
            return refusal(401, reason: "no-session")
        }
        let session: CheckedSession?
        do {
            session = try await sessions.check(key, at: now())
        } catch {
            return problem(of: error, during: "check").json()
        }
        guard let session else {
            await noteEnded(key, from: nil)
            return refusal(401, reason: "no-session")
        }
        switch choices.policies.verdict(on: session, by: question.policy, at: now()) {
        case .allowed: return identity(of: session)
        case .missing(let groups):
            let principal = session.principal
            record(
                .accessDenied(
                    policy: question.policy,
                    user: principal.id.text,
                    session: session.id.text
                )
            )
            return refusal(403, reason: "group " + groups.joined(separator: ","))
        case .stale:
            record(
                .reauthenticationRequired(
                    policy: question.policy,
                    user: session.principal.id.text,
                    session: session.id.text
                )
            )
            return refusal(401, reason: Site.reauthenticateReason)
        case .unknownPolicy:
            record(.unknownPolicy(name: question.policy))
            return refusal(403, reason: "unknown-policy")
        }
    }

    /// The reason that makes nginx ask for the password again instead of for a login.
    static let reauthenticateReason = "reauthenticate"

    private func identity(of session: CheckedSession) -> Response {
        let principal = session.principal
        var response = Response(status: 204)
        response.add("X-Auth-User", principal.username)
        response.add("X-Auth-Id", principal.id.text)
        response.add("X-Auth-Groups", principal.groups.joined(separator: ","))
        response.add("X-Auth-Session", session.id.text)
        return response
    }

    private func refusal(_ status: Int, reason: String) -> Response {
        var response = Response(status: status)
        response.add("X-Auth-Reason", reason)
        return response
    }
}
