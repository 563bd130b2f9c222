/// Why storage could not do what was asked.
package enum StorageError: Error, Hashable, Sendable {
    /// A value that must be unique is taken; nothing was changed.
    case duplicate
    /// The user that the call names does not exist, is disabled, or has another password by now;
    /// nothing was changed.
    case unknownUser
    /// Somebody else has changed the record since it was read; nothing was changed.
    case conflict
    /// It would leave nobody in the group `admin` who can log in; nothing was changed.
    case lastAdministrator
    /// The session on whose behalf a change was to be made has ended, or its user may not make it
    /// any more; nothing was changed.
    case mandateEnded
    /// Storage failed: nothing may be concluded about what it holds, and what was asked for is
    /// not acknowledged.
    ///
    /// The code is stable and safe to show: `locked`, `full`, `read-only`, `io`, `corrupt`,
    /// `closed`, `schema` (the file belongs to another program or a newer version) or `internal`;
    /// of engines on the network also `unreachable`, `timeout`, `denied` (a password or a right)
    /// and `settings` (a URL that cannot be read). After `unreachable` and `timeout` it is not
    /// known whether it was done. The detail is for the log and holds no values of rows.
    case unavailable(code: String, detail: String)
}

extension StorageError {
    /// The code and the detail, for the log; of the errors that callers handle they say that one
    /// was not handled.
    package var cause: (code: String, detail: String) {
        switch self {
        case .unavailable(let code, let detail): (code, detail)
        case .duplicate, .unknownUser, .conflict, .lastAdministrator, .mandateEnded:
            ("unexpected", "\(self)")
        }
    }
}
