/// A stored password hash: what `PasswordHasher` made (`$argon2id$v=19$m=…,t=…,p=…$salt$hash`), or
/// what another system made and the next login replaces.
///
/// It never prints itself.
package struct PasswordHash: Hashable, Sendable {
    /// The text, mostly in PHC form.
    package let text: String

    /// The hash of no password: an account that has it can only be opened by a link.
    package static let none = PasswordHash(text: "!")

    /// Wraps a text without judging it; `refusal` does that.
    package init(text: String) {
        self.text = text
    }
}

extension PasswordHash: CustomStringConvertible {
    package var description: String { "<password hash>" }
}

extension PasswordHash: CustomReflectable {
    package var customMirror: Mirror { Mirror(self, children: []) }
}
