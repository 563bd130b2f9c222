import Accounts
import Sessions

/// Accounts and sessions in memory, with the promises of both contracts but for survival, whose
/// calls fail when a test wants it.
actor MemoryStorage {
    /// A call that can be made to fail.
    enum Call: Hashable, Sendable, CaseIterable {
        case insertAccount, credentials, insertSession, findSession, removeSession
    }

    /// What a failing call throws.
    static let failure = StorageError.unavailable(code: "io", detail: "SQLITE_IOERR (10)")

    private var accounts: [PublicID: Credentials] = [:]
    private var names: [NameKey: PublicID] = [:]
    private var records: [TokenDigest: Session] = [:]
    private var failures: Set<Call> = []

    /// Makes calls throw from now on.
    func fail(_ calls: Set<Call>) {
        failures = calls
    }

    /// Changes an account as an administrator would.
    func change(_ username: String, _ change: @Sendable (User) -> User) {
        for (id, found) in accounts where found.user.username == username {
            accounts[id] = Credentials(
                user: change(found.user),
                passwordHash: found.passwordHash
            )
        }
    }

    /// How many accounts there are.
    var accountCount: Int { accounts.count }

    /// The sessions that are stored.
    var sessions: [Session] { Array(records.values) }

    private func begin(_ call: Call) throws(StorageError) {
        if failures.contains(call) { throw MemoryStorage.failure }
    }

    private func principal(_ id: PublicID) -> Principal? {
        guard let user = accounts[id]?.user, !user.isDisabled else { return nil }
        return Principal(
            id: user.id,
            username: user.username,
            email: user.email,
            groups: user.groups
        )
    }
}

extension MemoryStorage: AccountStorage {
    func insert(_ account: NewAccount) throws(StorageError) {
        try begin(.insertAccount)
        guard account.keys.allSatisfy({ names[$0] == nil }) else { throw .duplicate }
        for key in account.keys { names[key] = account.user.id }
        accounts[account.user.id] = Credentials(
            user: account.user,
            passwordHash: account.passwordHash
        )
    }

    func credentials(of name: NameKey) throws(StorageError) -> Credentials? {
        try begin(.credentials)
        return names[name].flatMap { accounts[$0] }
    }

    func user(_ id: PublicID) throws(StorageError) -> User? {
        accounts[id]?.user
    }

    func replacePasswordHash(
        of id: PublicID,
        from old: PasswordHash,
        to new: PasswordHash
    ) throws(StorageError) -> Bool {
        guard let found = accounts[id], found.passwordHash == old else { return false }
        accounts[id] = Credentials(user: found.user, passwordHash: new)
        return true
    }
}

extension MemoryStorage: SessionStorage {
    func insert(_ session: Session, keeping limit: Int) throws(StorageError) -> Insertion {
        try begin(.insertSession)
        guard records[session.key] == nil else { throw .duplicate }
        guard let principal = principal(session.userID) else { throw .unknownUser }
        records[session.key] = session
        let ended = records.values
            .filter { $0.userID == session.userID && $0.key != session.key }
            .sorted { $0.lastSeenAt > $1.lastSeenAt }
            .dropFirst(max(0, limit - 1))
            .map(\.key)
        for key in ended { records[key] = nil }
        return Insertion(principal: principal, ended: ended)
    }

    func replace(_ old: TokenDigest, with session: Session) throws(StorageError) -> Principal {
        guard records[old] != nil, let principal = principal(session.userID) else {
            throw .unknownUser
        }
        records[old] = nil
        records[session.key] = session
        return principal
    }

    func find(_ key: TokenDigest) throws(StorageError) -> FoundSession? {
        try begin(.findSession)
        guard let session = records[key], let principal = principal(session.userID) else {
            return nil
        }
        return FoundSession(session: session, principal: principal)
    }

    func touch(_ uses: [SessionUse]) {
        for use in uses {
            guard let session = records[use.key] else { continue }
            records[use.key]?.lastSeenAt = max(session.lastSeenAt, use.seenAt)
        }
    }

    func remove(_ key: TokenDigest) throws(StorageError) -> PublicID? {
        try begin(.removeSession)
        return records.removeValue(forKey: key)?.id
    }

    func removeExpired(at now: Timestamp, after cursor: TokenDigest?, limit: Int) -> Sweep {
        let removed = records.values.filter { $0.isExpired(at: now) }.map(\.key)
        for key in removed { records[key] = nil }
        return Sweep(removed: removed, cursor: nil)
    }
}
