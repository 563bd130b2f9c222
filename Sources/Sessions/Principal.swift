/// What a session check tells about the person behind a session.
package struct Principal: Hashable, Sendable {
    /// Which account it is.
    package let id: PublicID
    /// The name the person signed up with.
    package let username: String
    /// The email address of the account, where it has one.
    package let email: String?
    /// The groups of the account, sorted, without duplicates.
    package let groups: [String]

    /// Creates the description of a person.
    package init(id: PublicID, username: String, email: String?, groups: [String]) {
        self.id = id
        self.username = username
        self.email = email
        self.groups = groups
    }

    /// Whether the person belongs to the group `admin`.
    package var isAdministrator: Bool { groups.contains("admin") }
}
