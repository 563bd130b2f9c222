/// The part of a session that a check needs.
struct CachedSession: Sendable {
    let id: PublicID
    let principal: Principal
    let authenticatedAt: Timestamp
    let expiresAt: Timestamp
    let idleLimit: Int64
    /// When it was last used, to the second.
    var lastSeenAt: Timestamp
    /// The last-seen time that storage has or is about to be told.
    var writtenAt: Timestamp

    init(_ found: FoundSession) {
        id = found.session.id
        principal = found.principal
        authenticatedAt = found.session.authenticatedAt
        expiresAt = found.session.expiresAt
        idleLimit = found.session.idleLimit
        lastSeenAt = found.session.lastSeenAt
        writtenAt = found.session.lastSeenAt
    }

    /// Whether one of the limits has passed.
    func isExpired(at now: Timestamp) -> Bool {
        SessionPolicy.isExpired(
            at: now,
            expiresAt: expiresAt,
            lastSeenAt: lastSeenAt,
            idleLimit: idleLimit
        )
    }

    /// Whether the stored last-seen time lags too far behind.
    var isTouchDue: Bool {
        lastSeenAt - writtenAt >= SessionPolicy.touchInterval(idleLimit: idleLimit)
    }

    /// What the caller of a check is told.
    var checked: CheckedSession {
        CheckedSession(
            id: id,
            principal: principal,
            authenticatedAt: authenticatedAt,
            expiresAt: expiresAt
        )
    }
}

/// A live session as a check tells of it.
package struct CheckedSession: Hashable, Sendable {
    /// The name of the session that is safe to show.
    package let id: PublicID
    /// Whose session it is.
    package let principal: Principal
    /// When the person last proved the password.
    package let authenticatedAt: Timestamp
    /// When the session ends however much it is used.
    package let expiresAt: Timestamp
}
