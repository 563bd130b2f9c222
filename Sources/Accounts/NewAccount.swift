/// An account that is about to be made; its credential version and its edit version are 1.
package struct NewAccount: Sendable {
    /// The account.
    package let user: User
    /// The hash of its password.
    package let passwordHash: PasswordHash
    /// The key of the username, by which accounts are ordered.
    package let nameKey: NameKey
    /// The key of the email address, where there is one.
    package let emailKey: NameKey?
    /// The link by which its owner sets a password, kept in the same transaction; `nil` for none.
    package var link: PasswordLink?

    /// Joins what is needed to make an account.
    package init(
        user: User,
        passwordHash: PasswordHash,
        nameKey: NameKey,
        emailKey: NameKey?
    ) {
        self.user = user
        self.passwordHash = passwordHash
        self.nameKey = nameKey
        self.emailKey = emailKey
    }

    /// The keys under which it is found, each once.
    package var keys: Set<NameKey> {
        emailKey.map { [nameKey, $0] } ?? [nameKey]
    }
}
