internal import CCrypt
internal import CSodium
internal import Glibc

/// A password hash of crypt(3): bcrypt, SHA-crypt or MD5 crypt, compared by libcrypt.
///
/// ```
/// $2b$12$<22 of salt><31 of digest>              bcrypt; also $2y$ and $2a$
/// $5$rounds=5000$<salt>$<43 of digest>           SHA-256-crypt; rounds may be left out
/// $6$rounds=5000$<salt>$<86 of digest>           SHA-512-crypt
/// $1$<salt>$<22 of digest>                       MD5 crypt, as openssl passwd -1 makes it
/// ```
/// Formats: crypt(5). bcrypt looks at the first 72 bytes of a password; that is its own rule.
struct CryptHash: Sendable {
    /// bcrypt's cost, a power of two: 14 takes a second, and OWASP asks for 10.
    static let bcryptCosts = 4...14
    /// Rounds of SHA-crypt: the format allows 1000 to 999,999,999; its default is 5000, and two
    /// million take less than a second.
    static let rounds = 1000...2_000_000

    private let text: String

    /// Reads a hash; `nil` when it is of another format.
    init?(_ text: String) throws(HashRefusal) {
        let fields = HashText.fields(text)
        guard fields.count > 1, fields[0].isEmpty else { return nil }
        switch fields[1] {
        case "2a", "2b", "2y": try Self.checkBcrypt(fields)
        case "5": try Self.checkSHACrypt(fields, "SHA-256-crypt", digest: 43)
        case "6": try Self.checkSHACrypt(fields, "SHA-512-crypt", digest: 86)
        case "1":
            guard fields.count == 4, HashText.isCryptBase64(fields[2], countIn: 1...8),
                HashText.isCryptBase64(fields[3], countIn: 22...22)
            else { throw .malformed(format: "MD5 crypt") }
        default: return nil
        }
        self.text = text
    }

    private static func checkBcrypt(_ fields: [Substring]) throws(HashRefusal) {
        // Its cost has two digits, a zero in front of one.
        guard fields.count == 4, fields[2].utf8.count == 2,
            let cost = HashText.decimal(
                fields[2].hasPrefix("0") ? fields[2].dropFirst() : fields[2]
            ),
            cost >= bcryptCosts.lowerBound, HashText.isCryptBase64(fields[3], countIn: 53...53)
        else { throw .malformed(format: "bcrypt") }
        guard cost <= bcryptCosts.upperBound else {
            throw .tooCostly(format: "bcrypt", limit: "a cost of \(bcryptCosts.upperBound)")
        }
    }

    private static func checkSHACrypt(
        _ fields: [Substring],
        _ format: String,
        digest: Int
    ) throws(HashRefusal) {
        let hasRounds = fields.count == 5
        guard hasRounds || fields.count == 4,
            HashText.isCryptBase64(fields[fields.count - 2], countIn: 1...16),
            HashText.isCryptBase64(fields[fields.count - 1], countIn: digest...digest)
        else { throw .malformed(format: format) }
        guard hasRounds else { return }
        guard let count = HashText.decimal(fields[2], after: "rounds="), count >= rounds.lowerBound
        else { throw .malformed(format: format) }
        guard count <= rounds.upperBound else {
            throw .tooCostly(format: format, limit: "\(rounds.upperBound) rounds")
        }
    }

    /// Whether a password without zero bytes has this hash.
    func matches(_ password: Password) throws(HashingError) -> Bool {
        // 32 KiB, too much for a stack; libcrypt wants it zeroed before its first use.
        let size = MemoryLayout<crypt_data>.size
        guard let memory = unsafe calloc(1, size) else { throw .outOfMemory }
        defer {
            unsafe sodium_memzero(memory, size)
            unsafe free(memory)
        }
        let data = unsafe memory.bindMemory(to: crypt_data.self, capacity: 1)
        let phrase = password.bytes.map { CChar(bitPattern: $0) } + [0]
        // A password of more than 512 bytes (CRYPT_MAX_PASSPHRASE_SIZE) gives no hash.
        guard let made = unsafe crypt_r(phrase, text, data) else { return false }
        let stored = Array(text.utf8)
        return unsafe strlen(made) == stored.count
            && sodium_memcmp(made, stored, stored.count) == 0
    }
}
