/// A session with the ticket that opens it.
///
/// The ticket is for the cookie and is kept nowhere else.
package struct NewSession: Sendable {
    /// The ticket for the cookie.
    package let ticket: Ticket
    /// The record of the session, whose key is the ticket's digest.
    package let session: Session
}

extension SessionPolicy {
    /// Draws a ticket and the record of the session that it will open.
    ///
    /// Nothing is stored yet.
    package func newSession(
        of userID: PublicID,
        client: ClientDescription,
        isRemembered: Bool,
        at now: Timestamp
    ) -> NewSession {
        let ticket = Ticket.random()
        let limits = limits(isRemembered: isRemembered)
        let session = Session(
            key: ticket.digest,
            id: .random(),
            userID: userID,
            createdAt: now,
            authenticatedAt: now,
            lastSeenAt: now,
            expiresAt: now + limits.absolute,
            idleLimit: limits.idle,
            isRemembered: isRemembered,
            clientAddress: client.address,
            userAgent: client.userAgent
        )
        return NewSession(ticket: ticket, session: session)
    }

    /// Draws a new ticket for a session whose owner has proved the password again.
    ///
    /// To its owner it stays the same device with the same public id; both limits begin anew (NIST
    /// SP 800-63B-4 section 5.2).
    package func renewed(
        _ old: Session,
        client: ClientDescription,
        at now: Timestamp
    ) -> NewSession {
        let ticket = Ticket.random()
        let limits = limits(isRemembered: old.isRemembered)
        let session = Session(
            key: ticket.digest,
            id: old.id,
            userID: old.userID,
            createdAt: old.createdAt,
            authenticatedAt: now,
            lastSeenAt: now,
            expiresAt: now + limits.absolute,
            idleLimit: limits.idle,
            isRemembered: old.isRemembered,
            clientAddress: client.address,
            userAgent: client.userAgent
        )
        return NewSession(ticket: ticket, session: session)
    }
}

/// What is known about the device that begins a session.
package struct ClientDescription: Hashable, Sendable {
    /// The address from which it came, as nginx's REMOTE_ADDR said.
    package let address: String
    /// What the browser called itself, cut to 256 bytes.
    package let userAgent: String

    /// Describes a device.
    package init(address: String, userAgent: String) {
        self.address = address
        self.userAgent = userAgent
    }
}
