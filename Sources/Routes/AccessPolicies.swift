internal import Sessions

/// Who may pass where nginx asks: policies by name.
///
/// nginx names the policy, never the path: nginx and the program behind it may see a path
/// differently, and then a rule about paths guards something else than what is served.
package struct AccessPolicies: Sendable {
    private let groups: [String: [String]]

    /// Creates the two built-in policies: `user` lets any live session pass, `admin` the members
    /// of the group `admin`.
    package init() {
        groups = ["user": [], "admin": ["admin"]]
    }

    /// What a policy says about somebody.
    enum Verdict: Equatable {
        case allowed
        /// The person is in none of these groups.
        case missing([String])
        /// There is no policy of that name, so nobody passes.
        case unknownPolicy
    }

    /// Judges a person by a policy.
    func verdict(on principal: Principal, by policy: String) -> Verdict {
        guard let groups = groups[policy] else { return .unknownPolicy }
        if groups.isEmpty || groups.contains(where: principal.groups.contains) { return .allowed }
        return .missing(groups)
    }
}
