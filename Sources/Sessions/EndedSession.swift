/// A session that is over: what is left to drop from caches and to tell in the log.
package struct EndedSession: Hashable, Sendable {
    /// Under which key it was stored.
    package let key: TokenDigest
    /// The name of the session that is safe to show.
    package let id: PublicID
    /// Whose session it was.
    package let userID: PublicID

    /// Describes a session that is over.
    package init(key: TokenDigest, id: PublicID, userID: PublicID) {
        self.key = key
        self.id = id
        self.userID = userID
    }
}
