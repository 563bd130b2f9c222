package import Sessions

/// A device on which somebody has logged in, as OWASP's device cookies have it.
///
/// It opens nothing. Its tries to log in are counted apart from those of strangers, so that a flood
/// of these does not keep it out.
package struct KnownDevice: Hashable, Sendable {
    /// The SHA-256 of the device's cookie.
    package let key: TokenDigest
    /// Whose device it is.
    package let userID: PublicID
    /// When somebody last logged in with it.
    package let usedAt: Timestamp

    /// Describes a device.
    package init(key: TokenDigest, userID: PublicID, usedAt: Timestamp) {
        self.key = key
        self.userID = userID
        self.usedAt = usedAt
    }
}
