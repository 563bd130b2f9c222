internal import CNettle
internal import CSodium

/// A password hash of PBKDF2 (RFC 8018 section 5.2) with SHA-256 or SHA-512, compared by nettle.
///
/// ```
/// $pbkdf2-sha256$i=600000,l=32$<salt>$<digest>    PHC form; the length may be left out
/// $pbkdf2-sha256$600000$<salt>$<digest>           passlib's form, with `.` for `+` in its base64
/// ```
struct PBKDF2Hash: Sendable {
    /// The most iterations: two million take a second or two; OWASP asks for 600,000.
    static let maximumIterations = 2_000_000

    private let isSHA512: Bool
    private let iterations: Int
    private let salt: [UInt8]
    private let digest: [UInt8]

    /// Reads a hash; `nil` when it is of another format.
    init?(_ text: String) throws(HashRefusal) {
        let fields = HashText.fields(text)
        guard fields.count > 1, fields[0].isEmpty,
            fields[1] == "pbkdf2-sha256" || fields[1] == "pbkdf2-sha512"
        else { return nil }
        let format = "PBKDF2"
        guard fields.count == 5 else { throw .malformed(format: format) }
        let parameters = fields[2].split(separator: ",", omittingEmptySubsequences: false)
        let isPHC = fields[2].hasPrefix("i=")
        guard parameters.count <= (isPHC ? 2 : 1),
            let iterations = HashText.decimal(parameters[0], after: isPHC ? "i=" : ""),
            let salt = Self.base64(fields[3], isPHC: isPHC, countIn: 1...64),
            let digest = Self.base64(fields[4], isPHC: isPHC, countIn: 16...64),
            parameters.count == 1
                || HashText.decimal(parameters[1], after: "l=") == digest.count
        else { throw .malformed(format: format) }
        guard iterations <= Self.maximumIterations else {
            throw .tooCostly(format: format, limit: "\(Self.maximumIterations) iterations")
        }
        self.isSHA512 = fields[1] == "pbkdf2-sha512"
        self.iterations = iterations
        self.salt = salt
        self.digest = digest
    }

    private static func base64(
        _ field: Substring,
        isPHC: Bool,
        countIn range: ClosedRange<Int>
    ) -> [UInt8]? {
        guard !isPHC else { return HashText.base64(field, countIn: range) }
        guard !field.utf8.contains(UInt8(ascii: "+")) else { return nil }
        let standard = String(field.map { $0 == "." ? "+" : $0 })
        return HashText.base64(Substring(standard), countIn: range)
    }

    /// Whether a password has this hash; compared in constant time.
    func matches(_ password: Password) -> Bool {
        var made = [UInt8](repeating: 0, count: digest.count)
        let derive = unsafe isSHA512 ? nettle_pbkdf2_hmac_sha512 : nettle_pbkdf2_hmac_sha256
        unsafe derive(
            password.bytes.count,
            password.bytes,
            UInt32(iterations),
            salt.count,
            salt,
            made.count,
            &made
        )
        return unsafe sodium_memcmp(made, digest, digest.count) == 0
    }
}
