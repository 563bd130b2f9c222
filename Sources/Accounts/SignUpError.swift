package import Sessions

/// Why no account was made.
package enum SignUpError: Error, Hashable, Sendable {
    /// Fields are not as they must be; every one of them is listed, in the order of the form.
    case invalid([AccountIssue])
    /// Some account has the username or the email address. Sign-up may say so.
    case taken
    /// There were too many sign-ups from the same network; after so many seconds another one is
    /// looked at.
    case throttled(ThrottleKey.Scope, seconds: Int)
    /// No password can be hashed right now; trying again later helps.
    case busy
    /// Storage failed.
    case storage(StorageError)
}
