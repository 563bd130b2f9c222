package import Sessions

/// What a process has changed in storage, for the caches of the others.
package enum StorageChange: Hashable, Sendable {
    /// A session has ended.
    case session(TokenDigest)
    /// An account, or all of its sessions.
    case user(PublicID)
    /// It is not known what.
    case anything
}
