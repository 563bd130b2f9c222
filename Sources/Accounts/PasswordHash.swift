/// A stored password hash in PHC string form (`$argon2id$v=19$m=…,t=…,p=…$salt$hash`).
///
/// It never prints itself.
package struct PasswordHash: Hashable, Sendable {
    /// The PHC string.
    package let phc: String

    /// The hash of no password: an account that has it can only be opened by a link.
    package static let none = PasswordHash(phc: "!")

    /// Wraps a PHC string without judging it; `PasswordHasher` does that.
    package init(phc: String) {
        self.phc = phc
    }
}

extension PasswordHash: CustomStringConvertible {
    package var description: String { "<password hash>" }
}

extension PasswordHash: CustomReflectable {
    package var customMirror: Mirror { Mirror(self, children: []) }
}
