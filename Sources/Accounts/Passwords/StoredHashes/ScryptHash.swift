internal import CSodium

/// A password hash of scrypt (RFC 7914) in PHC form, compared by libsodium.
///
/// ```
/// $scrypt$ln=17,r=8,p=1$<salt>$<digest>
///            |    |   |
///            |    |   parallelisation
///            |    block size
///            logarithm of the number of blocks
/// ```
struct ScryptHash: Sendable {
    private let cost: Int
    private let blockSize: Int
    private let lanes: Int
    private let salt: [UInt8]
    private let digest: [UInt8]

    /// Reads a hash; `nil` when it is of another format.
    init?(_ text: String) throws(HashRefusal) {
        guard text.hasPrefix("$scrypt$") else { return nil }
        let fields = HashText.fields(text)
        let parameters = fields.count == 5 ? fields[2].split(separator: ",") : []
        guard parameters.count == 3, fields[2].utf8.count(where: { $0 == UInt8(ascii: ",") }) == 2,
            let cost = HashText.decimal(parameters[0], after: "ln="), cost < 64,
            let blockSize = HashText.decimal(parameters[1], after: "r="),
            let lanes = HashText.decimal(parameters[2], after: "p="),
            let salt = HashText.base64(fields[3], countIn: 1...64),
            let digest = HashText.base64(fields[4], countIn: 16...64)
        else { throw .malformed(format: "scrypt") }
        // RFC 7914 section 6: 128 * N * r bytes, gone through once for each lane.
        let limit = HashingCost.foreignMemory * 1024
        guard cost <= 30, blockSize <= limit, lanes <= limit,
            128 * blockSize <= (limit / lanes) >> cost
        else { throw .tooCostly(format: "scrypt", limit: "128 N r p = \(limit >> 20) MiB") }
        self.cost = cost
        self.blockSize = blockSize
        self.lanes = lanes
        self.salt = salt
        self.digest = digest
    }

    /// Whether a password has this hash; compared in constant time.
    func matches(_ password: Password) throws(HashingError) -> Bool {
        var made = [UInt8](repeating: 0, count: digest.count)
        let status = unsafe crypto_pwhash_scryptsalsa208sha256_ll(
            password.bytes,
            password.bytes.count,
            salt,
            salt.count,
            UInt64(1) << UInt64(cost),
            UInt32(blockSize),
            UInt32(lanes),
            &made,
            made.count
        )
        guard status == 0 else { throw .outOfMemory }
        return unsafe sodium_memcmp(made, digest, digest.count) == 0
    }
}
