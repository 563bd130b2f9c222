internal import CSodium

/// A password hash of Argon2 (RFC 9106) in PHC form, read strictly.
///
/// ```
/// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<digest>
///  |         |     |       |   |
///  |         |     |       |   lanes, decimal
///  |         |     |       passes, decimal
///  |         |     memory in KiB, decimal
///  |         version 1.3 of Argon2, the only one
///  argon2id; argon2i comes from other systems
/// ```
/// Salt and digest are base64 without padding. Each value has one text only (decimals without
/// leading zeros, the order of parameters fixed, spare bits zero), so reading and writing give
/// the same bytes. What would cost more than `HashingCost` allows is not readable.
/// Format: github.com/P-H-C/phc-string-format.
struct Argon2Hash: Hashable, Sendable {
    /// Which of Argon2's ways through the memory: new hashes take argon2id (RFC 9106 section 4).
    enum Variant: String, Sendable {
        case argon2i, argon2id
    }

    /// Bytes of salt: 8 is the minimum of RFC 9106 section 3.1; libsodium makes 16.
    static let saltRange = 8...64
    /// Bytes of digest: 16 is the least that cannot be searched; libsodium makes 32.
    static let digestRange = 16...64
    /// Lanes: they change the result, not the cost, as libsodium computes one after the other.
    static let lanesRange = 1...64

    let variant: Variant
    let cost: HashingCost
    let lanes: Int
    let salt: [UInt8]
    let digest: [UInt8]

    /// Draws a salt and a digest at random, for a hash that costs as much as any and that no
    /// password matches.
    init(decoyCosting cost: HashingCost) {
        self.variant = .argon2id
        self.cost = cost
        self.lanes = 1
        var random = [UInt8](repeating: 0, count: 48)
        unsafe randombytes_buf(&random, random.count)
        self.salt = Array(random[..<16])
        self.digest = Array(random[16...])
    }

    /// Reads a text; `nil` when it is of another format.
    init?(_ text: String) throws(HashRefusal) {
        let fields = HashText.fields(text)
        guard fields.count > 1, fields[0].isEmpty,
            let variant = Variant(rawValue: String(fields[1]))
        else { return nil }
        let format = "Argon2"
        let parameters =
            fields.count == 6
            ? fields[3].split(separator: ",", omittingEmptySubsequences: false) : []
        guard parameters.count == 3, fields[2] == "v=19",
            let memory = HashText.decimal(parameters[0], after: "m="),
            let passes = HashText.decimal(parameters[1], after: "t="),
            let lanes = HashText.decimal(parameters[2], after: "p="),
            lanes <= memory / 8, memory >= HashingCost.memoryRange.lowerBound,  // RFC 9106, 3.1
            let salt = HashText.base64(fields[4], countIn: Self.saltRange),
            let digest = HashText.base64(fields[5], countIn: Self.digestRange)
        else { throw .malformed(format: format) }
        guard memory <= HashingCost.memoryRange.upperBound,
            passes <= HashingCost.passesRange.upperBound, lanes <= Self.lanesRange.upperBound
        else {
            let most = HashingCost.memoryRange.upperBound >> 10
            throw .tooCostly(
                format: format,
                limit: "\(most) MiB, \(HashingCost.passesRange.upperBound) passes and "
                    + "\(Self.lanesRange.upperBound) lanes"
            )
        }
        self.variant = variant
        self.cost = HashingCost(memoryKiB: memory, passes: passes)
        self.lanes = lanes
        self.salt = salt
        self.digest = digest
    }

    /// Refuses what another system may not bring: more memory than `HashingCost.foreignMemory`, or
    /// more than eight passes over it, some two seconds.
    func refuseForeignCost() throws(HashRefusal) {
        let most = HashingCost.foreignMemory
        guard cost.memoryKiB <= most, cost.memoryKiB * cost.passes <= 8 * most else {
            throw .tooCostly(
                format: "Argon2",
                limit: "\(most >> 10) MiB and eight passes over them"
            )
        }
    }

    /// The text.
    var text: String {
        "$\(variant)$v=19$m=\(cost.memoryKiB),t=\(cost.passes),p=\(lanes)"
            + "$\(HashText.base64(salt))$\(HashText.base64(digest))"
    }
}
