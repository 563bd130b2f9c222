/// Where sessions are kept between requests and restarts.
///
/// Every conformer keeps these promises; the conformance suite checks each by its number.
/// 1. `insert` never replaces: a key that is taken, or an id that another session of the user has,
///    throws `.duplicate`.
/// 2. `insert` and `replace` refuse the session of an absent or disabled user, and of one whose
///    password is no longer the one that was proved, with `.unknownUser`; they answer with the
///    user as of the same transaction.
/// 3. `insert` ends the sessions of the `old` keys, whosever they are, and then keeps at most
///    `limit` sessions of the user, the new one included: those that were used least recently end.
///    All of it is one transaction.
/// 4. `find` of an absent or ended session, or of one whose user is absent or disabled, is `nil`;
///    errors are for the system only. It does not judge time: an expired record is returned until
///    it is removed, and the policy refuses it.
/// 5. `touch` never creates: an absent session stays absent, so an ended one cannot come back.
///    It never moves a last-seen time backwards.
/// 6. `remove` of an absent session succeeds, and says that there was none. By public id it ends
///    a session of the given user only.
/// 7. What was acknowledged survives a crash of the process and of the machine. Nothing of a call
///    that threw is visible.
/// 8. `replace` removes the old session and inserts the new one in one transaction: never both,
///    never neither. When the old one is absent, or of another user, it throws `.unknownUser` and
///    inserts nothing, so an ended session cannot give birth to a new one.
/// 9. `removeExpired` visits at most `limit` records per call, going on after `cursor`, and
///    removes those whose absolute limit has passed, or whose idle limit has, by more than stored
///    last-seen times may lag (`SessionPolicy.touchInterval`); a `nil` cursor in the answer means
///    the end was reached.
/// 10. Every key that was removed, whatever removed it, is remembered as ended: `ended` names its
///    session until `forgetEnded` is called for a time after that. A key that never was stored is
///    `nil`.
/// 11. `sessions` returns every stored session of a user, the most recently used first.
package protocol SessionStorage: Sendable {
    /// Adds a session and ends those that it takes the place of.
    func insert(
        _ session: Session,
        for authentication: Authentication,
        keeping limit: Int,
        ending old: [TokenDigest]
    ) async throws(StorageError) -> Insertion

    /// Puts a new session of the same user in the place of an old one.
    func replace(
        _ old: TokenDigest,
        with session: Session,
        for authentication: Authentication
    ) async throws(StorageError) -> Principal

    /// Looks a session up together with its user.
    func find(_ key: TokenDigest) async throws(StorageError) -> FoundSession?

    /// Returns the sessions of a user.
    func sessions(of user: PublicID) async throws(StorageError) -> [Session]

    /// Notes when sessions were last used.
    func touch(_ uses: [SessionUse]) async throws(StorageError)

    /// Ends a session; returns what it was, or `nil` when there was none.
    func remove(
        _ key: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession?

    /// Ends the session of a user that has a public id.
    func remove(
        _ id: PublicID,
        of user: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession?

    /// Ends all sessions of a user, or of everybody, but for the one of a public id.
    func removeAll(
        of user: PublicID?,
        except kept: PublicID?,
        at now: Timestamp
    ) async throws(StorageError) -> [EndedSession]

    /// Removes expired sessions among the next `limit` records after `cursor`.
    func removeExpired(
        at now: Timestamp,
        after cursor: TokenDigest?,
        limit: Int
    ) async throws(StorageError) -> Sweep

    /// Returns what a key was of which the session has ended, or goes on under another key, at
    /// `time` or later.
    func ended(
        _ key: TokenDigest,
        since time: Timestamp
    ) async throws(StorageError) -> EndedSession?

    /// Forgets at most `limit` of the keys that ended before a time; returns how many.
    func forgetEnded(before time: Timestamp, limit: Int) async throws(StorageError) -> Int

    /// Returns how many sessions are stored.
    func sessionCount() async throws(StorageError) -> Int
}

extension SessionStorage {
    /// Returns what a key was of which the session has ended, or goes on under another key.
    package func ended(_ key: TokenDigest) async throws(StorageError) -> EndedSession? {
        try await ended(key, since: Timestamp(seconds: .min))
    }
}

/// A stored session with the user it belongs to, read in one snapshot.
package struct FoundSession: Hashable, Sendable {
    /// The session, as it is stored.
    package let session: Session
    /// Whose session it is.
    package let principal: Principal

    /// Joins a session with its user.
    package init(session: Session, principal: Principal) {
        self.session = session
        self.principal = principal
    }
}

/// What adding a session did.
package struct Insertion: Hashable, Sendable {
    /// The user of the new session, as of the transaction that added it.
    package let principal: Principal
    /// The sessions of the old keys, which ended.
    package let replaced: [EndedSession]
    /// The sessions that ended to keep the number within its limit.
    package let exceeded: [EndedSession]

    /// Describes what adding a session did.
    package init(principal: Principal, replaced: [EndedSession], exceeded: [EndedSession]) {
        self.principal = principal
        self.replaced = replaced
        self.exceeded = exceeded
    }
}

/// When a session was last used.
package struct SessionUse: Hashable, Sendable {
    /// Which session was used.
    package let key: TokenDigest
    /// When it was used.
    package let seenAt: Timestamp

    /// Notes that a session was used at a time.
    package init(key: TokenDigest, seenAt: Timestamp) {
        self.key = key
        self.seenAt = seenAt
    }
}

/// One step of removing expired sessions.
package struct Sweep: Hashable, Sendable {
    /// The keys of the sessions that were removed.
    package let removed: [TokenDigest]
    /// Where the next step goes on; `nil` when every record has been visited.
    package let cursor: TokenDigest?

    /// Describes one step.
    package init(removed: [TokenDigest], cursor: TokenDigest?) {
        self.removed = removed
        self.cursor = cursor
    }
}
