/// Why storage could not do what was asked.
package enum StorageError: Error, Hashable, Sendable {
    /// A value that must be unique is taken; nothing was changed.
    case duplicate
    /// The user that the call names does not exist or is disabled; nothing was changed.
    case unknownUser
    /// Storage failed: nothing may be concluded about what it holds, and what was asked for is
    /// not acknowledged.
    ///
    /// The code is stable and safe to show: `locked`, `full`, `read-only`, `io`, `corrupt`,
    /// `closed`, `schema` (the file belongs to another program or a newer version) or `internal`.
    /// The detail is for the log and holds no values of rows.
    case unavailable(code: String, detail: String)
}
