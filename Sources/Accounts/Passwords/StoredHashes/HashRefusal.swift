/// Why a stored password hash cannot be used.
package enum HashRefusal: Error, Hashable, Sendable {
    /// It is of a kind that is not read, such as DES crypt or plain text.
    case unknownFormat
    /// It begins like a known format and goes on in another way.
    case malformed(format: String)
    /// Comparing a password with it would take more time or memory than is allowed.
    case tooCostly(format: String, limit: String)

    /// What to tell whoever brings the hash; nothing of the hash is in it.
    package var sentence: String {
        switch self {
        case .unknownFormat:
            "The password is plain text, a DES crypt hash or of a format that is not known: bcrypt, "
                + "MD5 crypt, SHA-crypt, apr1, {SHA}, Argon2, scrypt and PBKDF2 are taken over."
        case .malformed(let format):
            "The password hash begins like \(format) and is not well formed."
        case .tooCostly(let format, let limit):
            "The password hash costs too much: \(format) may have \(limit) at most."
        }
    }
}
