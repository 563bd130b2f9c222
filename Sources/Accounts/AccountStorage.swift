package import Sessions

/// Where accounts are kept.
///
/// Every conformer keeps these promises; the conformance suite checks each by its number.
/// 1. `insert` never replaces: a name of the account (its username or its email address, both by
///    their key) that any account already has as either throws `.duplicate`, and nothing is kept.
///    The account and its first session are one transaction.
/// 2. `credentials` finds an account by its id or by either of its names; an absent one is `nil`;
///    a disabled one is returned and says so.
/// 3. `replacePasswordHash` and `changePassword` write only over the hash that the caller saw, so
///    of two changes that cross, one is refused.
/// 4. What was acknowledged survives a crash of the process and of the machine. Nothing of a call
///    that threw is visible.
/// 5. Every new password (`changePassword`, both `setPassword`) moves the credential version,
///    ends every session of the account and takes away its links and known devices, in one
///    transaction;
///    `changePassword` puts the new session in the place of the one it was made from, and does
///    nothing when that one has ended. `replacePasswordHash` is the same password and does not.
/// 6. `edit` changes only what the edit names, and moves the edit version. With a version that is
///    not the stored one it throws `.conflict`. It never loses an edit made meanwhile.
/// 7. Disabling and deleting end every session of the account in the same transaction, and
///    disabling moves the credential version: no session from before counts ever again. They, and
///    leaving the group, throw `.lastAdministrator` when nobody would be left in the group `admin`
///    who is not disabled and has a password, unless `force` is set.
/// 8. `edit`, `delete` and the password changes answer with the account as it was and as it is, and
///    with the sessions that ended.
/// 9. `insertAll` inserts all accounts or none; it returns the positions of those whose names are
///    taken, and then none was inserted.
/// 10. `users` reads a page of at most `limit` accounts in the order of their names' keys, after
///    `cursor`, of which a name contains the text; the cost of a page does not grow with the
///    number of pages before it.
/// 11. A link works once, until its time, and while the account has no newer password or link and
///    has not been disabled since. Only its digest is stored.
/// 12. A device is known for one account, from `remember` until a time that the caller gives; at
///    most `limit` of an account: those that never came back go first, then the least recently
///    used.
/// 13. With a mandate, `insert`, `insertLink`, `edit` and `delete` throw `.mandateEnded` and do
///    nothing when its session has ended, its user is disabled or, where that is asked, not in the
///    group `admin`; it is looked at in the same transaction.
package protocol AccountStorage: Sendable {
    // MARK: making and finding accounts

    /// Adds an account, and its first session where one is given.
    func insert(
        _ account: NewAccount,
        beginning session: Session?,
        by mandate: Mandate?
    ) async throws(StorageError)

    /// Adds many accounts, or none; returns the positions of those whose names are taken.
    func insertAll(_ accounts: [NewAccount]) async throws(StorageError) -> [Int]

    /// Looks up an account and its password hash by the key of a name.
    func credentials(of name: NameKey) async throws(StorageError) -> Credentials?

    /// Looks up an account and its password hash by its id.
    func credentials(of id: PublicID) async throws(StorageError) -> Credentials?

    /// Looks up an account by its id.
    func user(_ id: PublicID) async throws(StorageError) -> User?

    /// Reads a page of accounts; an empty text matches all.
    func users(
        matching text: String,
        after cursor: NameKey?,
        limit: Int
    ) async throws(StorageError) -> UserPage

    // MARK: passwords

    /// Writes a hash of the same password in the place of the one that was read; `false` when the
    /// stored one is another by now or the account is gone.
    func replacePasswordHash(
        of id: PublicID,
        from old: PasswordHash,
        to new: PasswordHash
    ) async throws(StorageError) -> Bool

    /// Changes the password from within a session, which goes on under a new key; `nil` when the
    /// stored hash is another by now, the session has ended or the account is gone or disabled.
    func changePassword(
        of id: PublicID,
        from old: PasswordHash,
        to new: PasswordHash,
        replacing key: TokenDigest,
        with session: Session,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange?

    /// Sets a password without the old one.
    ///
    /// - Throws: `.unknownUser` when there is no such account.
    func setPassword(
        _ new: PasswordHash,
        of id: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange

    /// Sets a password by a link, which is used up by it; `nil` when the link does not work.
    func setPassword(
        _ new: PasswordHash,
        byLink digest: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange?

    /// Keeps the digest of a link.
    ///
    /// - Throws: `.unknownUser` when there is no such account.
    func insertLink(_ link: PasswordLink, by mandate: Mandate?) async throws(StorageError)

    /// Returns the account for which a link works; `nil` when it does not, or the account is
    /// disabled.
    func user(ofLink digest: TokenDigest, at now: Timestamp) async throws(StorageError) -> User?

    /// Removes links whose time has passed.
    func removeExpiredLinks(at now: Timestamp) async throws(StorageError)

    // MARK: administration

    /// Changes an account.
    ///
    /// - Throws: `.unknownUser`, `.conflict`, `.lastAdministrator`, `.mandateEnded`.
    func edit(
        _ id: PublicID,
        _ edit: UserEdit,
        ifVersion version: Int64?,
        force: Bool,
        by mandate: Mandate?,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange

    /// Deletes an account and everything that belongs to it.
    ///
    /// - Throws: `.unknownUser`, `.lastAdministrator`, `.mandateEnded`.
    func delete(
        _ id: PublicID,
        force: Bool,
        by mandate: Mandate?,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange

    // MARK: known devices

    /// Remembers a device of an account, or that it was used again.
    func remember(_ device: KnownDevice, keeping limit: Int) async throws(StorageError)

    /// Returns the known devices of an account, the most recently used first.
    func devices(of id: PublicID) async throws(StorageError) -> [KnownDevice]

    /// Says whether a device is known for an account, and was used at `time` or later.
    func isKnown(
        device key: TokenDigest,
        of id: PublicID,
        since time: Timestamp
    ) async throws(StorageError) -> Bool

    /// Removes devices that were last used before a time.
    func forgetDevices(before time: Timestamp) async throws(StorageError)
}
