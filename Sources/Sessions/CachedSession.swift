/// The part of a session that a check needs.
struct CachedSession: Sendable {
    let checked: CheckedSession
    var times: Times

    /// When a session was used, and how long it may live.
    struct Times: Hashable, Sendable {
        let expiresAt: Timestamp
        let idleLimit: Int64
        /// When it was last used, to the second.
        var lastSeenAt: Timestamp
        /// The last-seen time that storage has or is about to be told.
        var writtenAt: Timestamp

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
    }
}

extension CachedSession {
    /// Takes what a check needs from what storage found.
    init(_ found: FoundSession) {
        let session = found.session
        checked = CheckedSession(
            id: session.id,
            packedPrincipal: PackedPrincipal(found.principal),
            authenticatedAt: session.authenticatedAt,
            expiresAt: session.expiresAt
        )
        times = Times(
            expiresAt: session.expiresAt,
            idleLimit: session.idleLimit,
            lastSeenAt: session.lastSeenAt,
            writtenAt: session.lastSeenAt
        )
    }
}

/// A live session as a check tells of it.
package struct CheckedSession: Sendable {
    /// The name of the session that is safe to show.
    package let id: PublicID
    /// Whose session it is, as it lies in the cache.
    package let packedPrincipal: PackedPrincipal
    /// When the person last proved the password.
    package let authenticatedAt: Timestamp
    /// When the session ends however much it is used.
    package let expiresAt: Timestamp

    /// Whose session it is.
    package var principal: Principal { packedPrincipal.principal }

    /// The account whose session it is.
    package var userID: PublicID { packedPrincipal.id }
}
