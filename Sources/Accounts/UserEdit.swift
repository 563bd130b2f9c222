/// What an administrator changes about an account; `nil` leaves it as it is.
package struct UserEdit: Hashable, Sendable {
    /// The groups, all of them.
    package var groups: [String]?
    /// Whether the account is shut.
    package var isDisabled: Bool?
    /// Groups to add to those that there are.
    package var addedGroups: [String] = []
    /// Groups to take from those that there are.
    package var removedGroups: [String] = []

    /// Describes a change.
    package init(groups: [String]? = nil, isDisabled: Bool? = nil) {
        self.groups = groups
        self.isDisabled = isDisabled
    }
}
