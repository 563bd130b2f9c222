package import Sessions

/// A link by which a password is set once, as it is stored.
package struct PasswordLink: Hashable, Sendable {
    /// The SHA-256 of the secret in the link.
    package let digest: TokenDigest
    /// Whose password it sets.
    package let userID: PublicID
    /// When it stops working.
    package let expiresAt: Timestamp

    /// Describes a link.
    package init(digest: TokenDigest, userID: PublicID, expiresAt: Timestamp) {
        self.digest = digest
        self.userID = userID
        self.expiresAt = expiresAt
    }
}
