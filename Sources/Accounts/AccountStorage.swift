package import Sessions

/// Where accounts are kept.
///
/// Every conformer keeps these promises; the conformance suite checks each by its number.
/// 1. `insert` never replaces: a name of the account (its username or its email address, both by
///    their key) that any account already has as either throws `.duplicate`, and nothing is kept.
/// 2. `credentials` finds an account by either of its names; an absent one is `nil`; a disabled
///    one is returned and says so.
/// 3. `replacePasswordHash` writes only over the hash that the caller saw, so of two changes that
///    cross, one is refused: `false`.
/// 4. What was acknowledged survives a crash of the process and of the machine. Nothing of a call
///    that threw is visible.
package protocol AccountStorage: Sendable {
    /// Adds an account.
    func insert(_ account: NewAccount) async throws(StorageError)

    /// Looks up an account and its password hash by the key of a name.
    func credentials(of name: NameKey) async throws(StorageError) -> Credentials?

    /// Looks up an account by its id.
    func user(_ id: PublicID) async throws(StorageError) -> User?

    /// Writes a new password hash in the place of the one that was read; `false` when the stored
    /// one is another by now or the account is gone.
    func replacePasswordHash(
        of id: PublicID,
        from old: PasswordHash,
        to new: PasswordHash
    ) async throws(StorageError) -> Bool
}

/// An account together with its password hash.
package struct Credentials: Sendable {
    /// The account.
    package let user: User
    /// Its password hash, as it is stored.
    package let passwordHash: PasswordHash

    /// Joins an account with its password hash.
    package init(user: User, passwordHash: PasswordHash) {
        self.user = user
        self.passwordHash = passwordHash
    }
}

/// An account that is about to be made.
package struct NewAccount: Sendable {
    /// The account.
    package let user: User
    /// The hash of its password.
    package let passwordHash: PasswordHash
    /// The keys under which it is found: that of the username and that of the email address;
    /// one when they are the same.
    package let keys: [NameKey]

    /// Joins what is needed to make an account.
    package init(user: User, passwordHash: PasswordHash, keys: [NameKey]) {
        self.user = user
        self.passwordHash = passwordHash
        self.keys = keys
    }
}
