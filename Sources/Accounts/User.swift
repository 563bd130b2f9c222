package import Sessions

/// An account as the rest of the program sees it: without its password hash.
package struct User: Hashable, Sendable {
    /// Which account it is.
    package let id: PublicID
    /// The name as it is shown.
    package let username: String
    /// The email address as it is shown, where there is one.
    package let email: String?
    /// The groups, sorted, without duplicates.
    package let groups: [String]
    /// Whether the account is shut: nobody signs in and its sessions are over.
    package let isDisabled: Bool
    /// When it was made.
    package let createdAt: Timestamp
    /// The number of the account's state; every edit by an administrator moves it.
    package let editVersion: Int64

    /// Creates the description of an account.
    package init(
        id: PublicID,
        username: String,
        email: String?,
        groups: [String],
        isDisabled: Bool,
        createdAt: Timestamp,
        editVersion: Int64 = 1
    ) {
        self.id = id
        self.username = username
        self.email = email
        self.groups = groups
        self.isDisabled = isDisabled
        self.createdAt = createdAt
        self.editVersion = editVersion
    }

    /// The account as a session check tells of it.
    package var principal: Principal {
        Principal(id: id, username: username, email: email, groups: groups)
    }
}
