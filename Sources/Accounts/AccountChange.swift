package import Sessions

/// What a change of an account did.
package struct AccountChange: Hashable, Sendable {
    /// The account before the change.
    package let before: User
    /// The account after the change; as it was, when it was deleted.
    package let user: User
    /// The sessions that ended.
    package let ended: [EndedSession]
    /// Describes what a change did.
    package init(before: User, user: User, ended: [EndedSession]) {
        self.before = before
        self.user = user
        self.ended = ended
    }
}
