package import HTTP
internal import Sessions
internal import Telemetry

/// What nginx asks before it serves a guarded place, read from its parameters.
package struct CheckQuestion: Sendable {
    fileprivate let policy: Policy
    fileprivate let finding: TicketCookie.Finding

    fileprivate enum Policy: Sendable {
        case known(AccessPolicies.Choice)
        case unknown(String)
    }

    /// Reads the question; everything is looked at where it lies.
    ///
    /// - Parameters:
    ///   - policy: the name of the policy.
    ///   - cookies: the header Cookie.
    ///   - isMountedAtRoot: whether the mount is "/", by which the cookie's name is chosen.
    package init(
        policy: Span<UInt8>,
        cookies: Span<UInt8>,
        isMountedAtRoot: Bool,
        of site: Site
    ) {
        if let choice = site.choices.policies.choice(named: policy) {
            self.policy = .known(choice)
        } else {
            let name = unsafe policy.withUnsafeBufferPointer { unsafe Array($0) }
            self.policy = .unknown(String(decoding: name, as: UTF8.self))
        }
        finding = site.choices.cookie.find(in: cookies, isMountedAtRoot: isMountedAtRoot)
    }
}

extension Site {
    // nginx's `auth_request` is answered with 204 and who it is, with 401 without a session or
    // where the policy wants a newer proof of the password, or with 403 without the group. Anything
    // else, also every failure, nginx turns into an error page: closed.

    /// Answers a check for which storage need not be asked, which is nearly every one: the hot
    /// path.
    ///
    /// - Returns: `nil` when the cache does not know the ticket; then `answerFromStorage` answers.
    package func answerAtOnce(_ question: CheckQuestion) -> Response? {
        switch question.finding {
        case .ticket(let key):
            let now = now()
            guard let session = sessions.cached(key, at: now) else { return nil }
            return verdict(on: session, question.policy, at: now)
        case .none:
            return refusal(401, reason: "no-session")
        case .suspicious(let reason):
            record(.suspiciousCookie(reason: reason, from: nil))
            return refusal(401, reason: "no-session")
        }
    }

    /// Answers what `answerAtOnce` could not.
    package func answerFromStorage(_ question: CheckQuestion) async -> Response {
        guard case .ticket(let key) = question.finding else {
            return refusal(401, reason: "no-session")
        }
        let now = now()
        do throws(StorageError) {
            if let session = try await sessions.check(key, at: now) {
                return verdict(on: session, question.policy, at: now)
            }
        } catch {
            // nginx makes an error page of it, whatever it holds.
            return Response(status: problem(of: error, during: "check").status)
        }
        await noteEnded(key, from: nil)
        return refusal(401, reason: "no-session")
    }

    /// Answers for a live session: the one way to 204.
    private func verdict(
        on session: CheckedSession,
        _ policy: CheckQuestion.Policy,
        at now: Timestamp
    ) -> Response {
        let choice: AccessPolicies.Choice
        switch policy {
        case .known(let known): choice = known
        case .unknown(let name):
            record(.unknownPolicy(name: name))
            return refusal(403, reason: "unknown-policy")
        }
        switch choices.policies.verdict(on: session, by: choice, at: now) {
        case .allowed: return identity(of: session)
        case .missing(let groups):
            record(
                .accessDenied(
                    policy: choices.policies.name(of: choice),
                    user: session.userID.text,
                    session: session.id.text
                )
            )
            return refusal(403, reason: "group " + groups.joined(separator: ","))
        case .stale:
            record(
                .reauthenticationRequired(
                    policy: choices.policies.name(of: choice),
                    user: session.userID.text,
                    session: session.id.text
                )
            )
            return refusal(401, reason: Site.reauthenticateReason)
        }
    }

    /// The reason that makes nginx ask for the password again instead of for a login.
    static let reauthenticateReason = "reauthenticate"

    private func identity(of session: CheckedSession) -> Response {
        let person = session.packedPrincipal
        var response = Response(status: 204)
        person.withUsername { response.add("X-Auth-User", $0) }
        person.id.withText { response.add("X-Auth-Id", $0) }
        response.add("X-Auth-Groups", bytes: person.groups(joinedBy: UInt8(ascii: ",")))
        session.id.withText { response.add("X-Auth-Session", $0) }
        return response
    }

    private func refusal(_ status: Int, reason: String) -> Response {
        var response = Response(status: status)
        response.add("X-Auth-Reason", reason)
        return response
    }
}
