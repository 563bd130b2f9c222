/// Whose password is hashed.
package enum HashingPriority: Sendable {
    /// Anybody's.
    case ordinary
    /// That of somebody on a known device or in a session, who are counted by themselves.
    case preferred
}
