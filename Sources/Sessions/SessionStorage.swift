/// Where sessions are kept between requests and restarts.
///
/// Every conformer keeps these promises; the conformance suite checks each by its number.
/// 1. `insert` never replaces: a key or an id that is taken throws `.duplicate`.
/// 2. `insert` refuses the session of an absent or disabled user with `.unknownUser`, and answers
///    with the user as of the same transaction.
/// 3. `insert` keeps at most `limit` sessions of the user, the new one included: the ones that
///    were used least recently end in the same transaction, and their keys are returned.
/// 4. `find` of an absent or ended session, or of one whose user is absent or disabled, is `nil`;
///    errors are for the system only. It does not judge time: an expired record is returned until
///    it is removed, and the policy refuses it.
/// 5. `touch` never creates: an absent session stays absent, so an ended one cannot come back.
///    It never moves a last-seen time backwards.
/// 6. `remove` of an absent session succeeds.
/// 7. What `insert`, `replace` and `remove` acknowledged survives a crash of the process and of
///    the machine. Nothing of a call that threw is visible.
/// 8. `replace` removes the old session and inserts the new one in one transaction: never both,
///    never neither. When the old one is absent it throws `.unknownUser` and inserts nothing,
///    so an ended session cannot give birth to a new one.
/// 9. `removeExpired` visits at most `limit` records per call, going on after `cursor`, and
///    removes those whose absolute or idle limit has passed; a `nil` cursor in the answer means
///    the end was reached.
package protocol SessionStorage: Sendable {
    /// Adds a session and returns its user together with the keys of the sessions that ended.
    func insert(_ session: Session, keeping limit: Int) async throws(StorageError) -> Insertion

    /// Puts a new session in the place of an old one.
    func replace(_ old: TokenDigest, with session: Session) async throws(StorageError) -> Principal

    /// Looks a session up together with its user.
    func find(_ key: TokenDigest) async throws(StorageError) -> FoundSession?

    /// Notes when sessions were last used.
    func touch(_ uses: [SessionUse]) async throws(StorageError)

    /// Ends a session; returns its public id, or `nil` when there was none.
    func remove(_ key: TokenDigest) async throws(StorageError) -> PublicID?

    /// Removes expired sessions among the next `limit` records after `cursor`.
    func removeExpired(
        at now: Timestamp,
        after cursor: TokenDigest?,
        limit: Int
    ) async throws(StorageError) -> Sweep
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
    /// The keys of the sessions that ended to keep the number within its limit.
    package let ended: [TokenDigest]

    /// Describes what adding a session did.
    package init(principal: Principal, ended: [TokenDigest]) {
        self.principal = principal
        self.ended = ended
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
