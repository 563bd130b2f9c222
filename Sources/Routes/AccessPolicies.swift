internal import Sessions

/// Who may pass where nginx asks: one policy.
package struct AccessPolicy: Hashable, Sendable {
    /// Any of these groups suffices; none means that any live session does.
    package let groups: [String]
    /// How many seconds ago the password may have been proved; `nil` for as long as the session.
    package let maxAge: Int64?

    /// Describes a policy.
    package init(groups: [String] = [], maxAge: Int64? = nil) {
        self.groups = groups
        self.maxAge = maxAge
    }
}

/// Policies by name.
///
/// nginx names the policy, never the path: nginx and the program behind it may see a path
/// differently, and then a rule about paths guards something else than what is served.
package struct AccessPolicies: Sendable {
    /// The two built-in policies: `user` lets any live session pass, `admin` the members of the
    /// group `admin`.
    package static let builtIn = ["user": AccessPolicy(), "admin": AccessPolicy(groups: ["admin"])]

    /// The policies that the settings add, by name.
    package let custom: [String: AccessPolicy]

    /// Joins the built-in policies with others; those of the built-in names do not count.
    package init(custom: [String: AccessPolicy] = [:]) {
        self.custom = custom
    }

    /// What a policy says about somebody.
    enum Verdict: Equatable {
        case allowed
        /// The person is in none of these groups.
        case missing([String])
        /// The password was proved longer ago than the policy allows, in seconds.
        case stale(maxAge: Int64)
        /// There is no policy of that name, so nobody passes.
        case unknownPolicy
    }

    /// Judges a session by a policy: first who it is, then how long ago that was proved.
    func verdict(on session: CheckedSession, by name: String, at now: Timestamp) -> Verdict {
        guard let policy = Self.builtIn[name] ?? custom[name] else { return .unknownPolicy }
        let groups = session.principal.groups
        guard policy.groups.isEmpty || policy.groups.contains(where: groups.contains) else {
            return .missing(policy.groups)
        }
        if let maxAge = policy.maxAge, !session.authenticatedAt.isAtMost(maxAge, before: now) {
            return .stale(maxAge: maxAge)
        }
        return .allowed
    }
}
