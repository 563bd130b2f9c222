package import Sessions

/// Why a password was not changed.
package enum PasswordChangeError: Error, Hashable, Sendable {
    /// The new password is not as it must be.
    case invalid(PasswordIssue)
    /// The current password is wrong.
    case wrongPassword
    /// There were too many tries; after so many seconds another one is looked at.
    case throttled(ThrottleKey.Scope, seconds: Int)
    /// The session has ended, or the password was changed by somebody else meanwhile.
    case overtaken
    /// No password can be hashed right now; trying again later helps.
    case busy
    /// Storage failed.
    case storage(StorageError)
}
