internal import CAprUtil

/// A password hash of an htpasswd file that only Apache's own library reads: apr1 or {SHA}.
///
/// ```
/// $apr1$<salt>$<22 of digest>       a thousand rounds of MD5
/// {SHA}<28 of base64>               one SHA-1 without salt
/// ```
/// Formats: httpd's "Password Formats". Both are cheap to search; the next login replaces them.
struct ApacheHash: Sendable {
    private let text: String

    /// Reads a hash; `nil` when it is of another format.
    init?(_ text: String) throws(HashRefusal) {
        if text.hasPrefix("{SHA}") {
            let digest = text.dropFirst(5)
            // 20 bytes are 27 characters and one of padding.
            guard digest.utf8.count == 28, digest.hasSuffix("="),
                HashText.base64(digest.dropLast(), countIn: 20...20) != nil
            else { throw .malformed(format: "{SHA}") }
        } else if text.hasPrefix("$apr1$") {
            let fields = HashText.fields(text)
            guard fields.count == 4, HashText.isCryptBase64(fields[2], countIn: 1...8),
                HashText.isCryptBase64(fields[3], countIn: 22...22)
            else { throw .malformed(format: "apr1") }
        } else {
            return nil
        }
        self.text = text
    }

    /// Whether a password without zero bytes has this hash.
    func matches(_ password: Password) -> Bool {
        let characters = password.bytes.map { CChar(bitPattern: $0) } + [0]
        return unsafe apr_password_validate(characters, text) == 0
    }
}
