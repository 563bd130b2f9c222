import Accounts
import Sessions

/// Accounts in memory, with the promises of `AccountStorage` but for survival.
actor MemoryAccounts: AccountStorage {
    private var accounts: [PublicID: Credentials] = [:]
    private var names: [NameKey: PublicID] = [:]
    /// What every call throws, when it is set.
    private var failure: StorageError?

    /// Lets every call from now on throw.
    func fail(with error: StorageError?) {
        failure = error
    }

    func insert(_ account: NewAccount) throws(StorageError) {
        if let failure { throw failure }
        guard account.keys.allSatisfy({ names[$0] == nil }) else { throw .duplicate }
        for key in account.keys { names[key] = account.user.id }
        accounts[account.user.id] = Credentials(
            user: account.user,
            passwordHash: account.passwordHash
        )
    }

    func credentials(of name: NameKey) throws(StorageError) -> Credentials? {
        if let failure { throw failure }
        return names[name].flatMap { accounts[$0] }
    }

    func user(_ id: PublicID) throws(StorageError) -> User? {
        if let failure { throw failure }
        return accounts[id]?.user
    }

    func replacePasswordHash(
        of id: PublicID,
        from old: PasswordHash,
        to new: PasswordHash
    ) throws(StorageError) -> Bool {
        if let failure { throw failure }
        guard let found = accounts[id], found.passwordHash == old else { return false }
        accounts[id] = Credentials(user: found.user, passwordHash: new)
        return true
    }
}
