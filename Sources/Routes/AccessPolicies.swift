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
    /// These and the built-in ones, as a check looks them up.
    private let entries: [Entry]

    /// A policy with its name and groups as the bytes that a check compares.
    private struct Entry {
        let name: [UInt8]
        let groupNames: [[UInt8]]
        let policy: AccessPolicy

        init(_ name: String, _ policy: AccessPolicy) {
            self.name = Array(name.utf8)
            groupNames = policy.groups.map { Array($0.utf8) }
            self.policy = policy
        }
    }

    /// Joins the built-in policies with others; those of the built-in names do not count.
    package init(custom: [String: AccessPolicy] = [:]) {
        self.custom = custom
        entries =
            ["user", "admin"].compactMap { name in Self.builtIn[name].map { Entry(name, $0) } }
            + custom.sorted { $0.key < $1.key }.map(Entry.init)
    }

    /// The policy of a name.
    struct Choice {
        fileprivate let index: Int
    }

    /// Returns the policy of a name, given in UTF-8; `nil` when there is none.
    func choice(named name: Span<UInt8>) -> Choice? {
        for index in entries.indices where name.equals(entries[index].name) {
            return Choice(index: index)
        }
        return nil
    }

    /// The name of a policy.
    func name(of choice: Choice) -> String {
        String(decoding: entries[choice.index].name, as: UTF8.self)
    }

    /// What a policy says about somebody.
    enum Verdict: Equatable {
        case allowed
        /// The person is in none of these groups.
        case missing([String])
        /// The password was proved longer ago than the policy allows, in seconds.
        case stale(maxAge: Int64)
    }

    /// Judges a session by a policy: first who it is, then how long ago that was proved.
    func verdict(on session: CheckedSession, by choice: Choice, at now: Timestamp) -> Verdict {
        let groups = entries[choice.index].groupNames
        guard groups.isEmpty || session.packedPrincipal.isInAny(of: groups) else {
            return .missing(entries[choice.index].policy.groups)
        }
        if let maxAge = entries[choice.index].policy.maxAge,
            !session.authenticatedAt.isAtMost(maxAge, before: now)
        {
            return .stale(maxAge: maxAge)
        }
        return .allowed
    }
}

extension Span<UInt8> {
    /// Whether these are the bytes of an array.
    fileprivate func equals(_ bytes: [UInt8]) -> Bool {
        guard count == bytes.count else { return false }
        for index in indices where self[index] != bytes[index] { return false }
        return true
    }
}
