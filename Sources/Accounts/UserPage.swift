/// A page of accounts.
package struct UserPage: Hashable, Sendable {
    /// The accounts, in the order of their names' keys.
    package let users: [User]
    /// Where the next page begins; `nil` on the last one.
    package let cursor: NameKey?

    /// Describes a page.
    package init(users: [User], cursor: NameKey?) {
        self.users = users
        self.cursor = cursor
    }
}
