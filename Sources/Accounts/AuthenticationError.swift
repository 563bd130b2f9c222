package import Sessions

/// Why nobody was let in.
package enum AuthenticationError: Error, Hashable, Sendable {
    /// The name is unknown or malformed, the account is disabled, or the password is wrong: which
    /// of them is not told, neither by the answer nor by the work it took (ASVS 6.3.8).
    ///
    /// The account whose name it was, where there is one, is for the log and never for the answer.
    case invalidCredentials(PublicID?)
    /// There were too many tries; after so many seconds another one is looked at.
    case throttled(ThrottleKey.Scope, seconds: Int)
    /// No password can be verified right now; trying again later helps.
    case busy
    /// Storage failed.
    case storage(StorageError)
}
