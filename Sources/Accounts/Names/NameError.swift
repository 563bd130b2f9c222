/// Why a text cannot be the name of an account.
package enum NameError: Error, Hashable, Sendable {
    /// There is no text.
    case empty
    /// The name has more than `AccountName.maximumBytes` bytes.
    case tooLong
    /// There is white space in the name or around it.
    case whiteSpace
    /// A character that names cannot have, or that they cannot begin with.
    case forbidden(Unicode.Scalar, atStart: Bool)
    /// The name has an `@` and is no email address, or an email address was asked for.
    case notAnAddress

    /// What to tell the person who chose the name.
    package var sentence: String {
        switch self {
        case .empty:
            "Choose a name."
        case .tooLong:
            "The name is too long: \(AccountName.maximumBytes) bytes are the limit."
        case .whiteSpace:
            "A name has no spaces, neither in it nor around it."
        case .forbidden(let scalar, atStart: false):
            "A name cannot contain the character \(Self.shown(scalar))."
        case .forbidden(let scalar, atStart: true):
            "A name cannot begin with the character \(Self.shown(scalar))."
        case .notAnAddress:
            "This is no email address: one looks like ada@example.org."
        }
    }

    /// Shows a character by its looks only where it has looks of its own.
    private static func shown(_ scalar: Unicode.Scalar) -> String {
        if (0x21...0x7E).contains(scalar.value) { return String(Character(scalar)) }
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
