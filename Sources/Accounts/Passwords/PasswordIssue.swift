/// Why a password is refused.
package enum PasswordIssue: Hashable, Sendable {
    /// It has fewer code points than the minimum.
    case tooShort(minimum: Int)
    /// It has more than `PasswordRules.maximumBytes` bytes.
    case tooLong
    /// It contains U+0000.
    case containsNull
    /// It is among the first million guesses of somebody who knows nothing of the person.
    case common
    /// It is among the first million guesses of somebody who knows the person's name.
    case personal

    /// What to tell the person who chose the password (NIST SP 800-63B section 3.1.1.2 wants the
    /// reason said).
    package var sentence: String {
        switch self {
        case .tooShort(let minimum):
            "Use at least \(minimum) characters."
        case .tooLong:
            "The password is too long: \(PasswordRules.maximumBytes) bytes are the limit."
        case .containsNull:
            "The password contains a character that nobody can type, U+0000."
        case .common:
            "This password is easy to guess: it is a common one or a simple pattern. "
                + "Try a few words that have nothing to do with each other."
        case .personal:
            "This password is easy to guess: it is made of your name or of the name of this site."
        }
    }
}
