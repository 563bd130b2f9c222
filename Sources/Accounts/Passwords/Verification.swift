/// What comparing a password with a stored hash gave.
package enum Verification: Hashable, Sendable {
    /// It is the password; whether its hash costs less than hashes made now.
    case match(needsRehash: Bool)
    /// It is not the password, or there is no hash that could be compared.
    case mismatch
}
