/// What the server keeps about one signed-in device.
package struct Session: Hashable, Sendable {
    /// The SHA-256 of the ticket that the browser holds; the ticket itself is never stored.
    package let key: TokenDigest
    /// The name of the session that is safe to show and to log.
    package let id: PublicID
    /// Whose session it is.
    package let userID: PublicID
    /// When it began.
    package let createdAt: Timestamp
    /// When the person last proved the password.
    package let authenticatedAt: Timestamp
    /// When it was last used; as stored, up to a minute before that.
    package var lastSeenAt: Timestamp
    /// When it ends however much it is used (absolute timeout, ASVS 7.3.2).
    package let expiresAt: Timestamp
    /// How many seconds it may stay unused (idle timeout, ASVS 7.3.1).
    package let idleLimit: Int64
    /// Whether the person asked to be remembered, which chose the longer pair of limits.
    package let isRemembered: Bool
    /// Where it began, as nginx's REMOTE_ADDR said.
    package let clientAddress: String
    /// What the browser called itself, cut to 256 bytes.
    package let userAgent: String

    /// Creates the record of a session.
    package init(
        key: TokenDigest,
        id: PublicID,
        userID: PublicID,
        createdAt: Timestamp,
        authenticatedAt: Timestamp,
        lastSeenAt: Timestamp,
        expiresAt: Timestamp,
        idleLimit: Int64,
        isRemembered: Bool,
        clientAddress: String,
        userAgent: String
    ) {
        self.key = key
        self.id = id
        self.userID = userID
        self.createdAt = createdAt
        self.authenticatedAt = authenticatedAt
        self.lastSeenAt = lastSeenAt
        self.expiresAt = expiresAt
        self.idleLimit = idleLimit
        self.isRemembered = isRemembered
        self.clientAddress = clientAddress
        self.userAgent = userAgent
    }
}
