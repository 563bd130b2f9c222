package import Sessions

/// Which lines of the audit trail somebody wants to see; `nil` leaves a question open.
package struct AuditFilter: Hashable, Sendable {
    /// The public id of an account: lines about it, and lines about others that it brought about.
    package var user: String?
    /// The name of the event.
    package var event: String?
    /// The earliest time.
    package var since: Timestamp?
    /// The time before which it happened.
    package var until: Timestamp?

    /// Asks for certain lines.
    package init(
        user: String? = nil,
        event: String? = nil,
        since: Timestamp? = nil,
        until: Timestamp? = nil
    ) {
        self.user = user
        self.event = event
        self.since = since
        self.until = until
    }
}
