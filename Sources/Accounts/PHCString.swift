internal import CSodium

/// A password hash of Argon2id as text, read strictly.
///
/// ```
/// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<digest>
///            |     |       |   |
///            |     |       |   lanes, decimal
///            |     |       passes, decimal
///            |     memory in KiB, decimal
///            version 1.3 of Argon2, the only one
/// ```
/// Salt and digest are base64 without padding. Each value has one text only (decimals without
/// leading zeros, the order of parameters fixed, spare bits zero), so reading and writing give
/// the same bytes. What would cost more than `HashingCost` allows is not readable.
/// Format: github.com/P-H-C/phc-string-format.
struct PHCString: Hashable, Sendable {
    /// The longest text, in bytes: the largest salt and digest below need 213.
    static let maximumBytes = 256
    /// Bytes of salt: 8 is the minimum of RFC 9106 section 3.1; libsodium makes 16.
    static let saltRange = 8...64
    /// Bytes of digest: 16 is the least that cannot be searched; libsodium makes 32.
    static let digestRange = 16...64
    /// Lanes: they change the result, not the cost, as libsodium computes one after the other.
    static let lanesRange = 1...64

    let cost: HashingCost
    let lanes: Int
    let salt: [UInt8]
    let digest: [UInt8]

    /// Draws a salt and a digest at random, for a hash that costs as much as any and that no
    /// password matches.
    init(decoyCosting cost: HashingCost) {
        self.cost = cost
        self.lanes = 1
        var random = [UInt8](repeating: 0, count: 48)
        unsafe randombytes_buf(&random, random.count)
        self.salt = Array(random[..<16])
        self.digest = Array(random[16...])
    }

    /// Reads a text; `nil` when it is anything else.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maximumBytes else { return nil }
        let fields = text.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        guard fields.count == 6, fields[0].isEmpty,
            fields[1].elementsEqual("argon2id".utf8), fields[2].elementsEqual("v=19".utf8)
        else { return nil }
        let parameters = fields[3].split(
            separator: UInt8(ascii: ","),
            omittingEmptySubsequences: false
        )
        guard parameters.count == 3,
            let memory = Self.decimal(parameters[0], after: "m=", in: HashingCost.memoryRange),
            let passes = Self.decimal(parameters[1], after: "t=", in: HashingCost.passesRange),
            let lanes = Self.decimal(parameters[2], after: "p=", in: Self.lanesRange),
            memory >= 8 * lanes,  // RFC 9106 section 3.1
            let salt = Self.base64(fields[4], countIn: Self.saltRange),
            let digest = Self.base64(fields[5], countIn: Self.digestRange)
        else { return nil }
        self.cost = HashingCost(memoryKiB: memory, passes: passes)
        self.lanes = lanes
        self.salt = salt
        self.digest = digest
    }

    /// The text.
    var text: String {
        "$argon2id$v=19$m=\(cost.memoryKiB),t=\(cost.passes),p=\(lanes)"
            + "$\(Self.base64(salt))$\(Self.base64(digest))"
    }

    private static func decimal(
        _ field: Substring.UTF8View,
        after name: String,
        in range: ClosedRange<Int>
    ) -> Int? {
        guard field.starts(with: name.utf8) else { return nil }
        let digits = field.dropFirst(name.utf8.count)
        guard digits.first != UInt8(ascii: "0"), (1...10).contains(digits.count),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let value = Int(Substring(digits)), range.contains(value)
        else { return nil }
        return value
    }

    private static func base64(
        _ field: Substring.UTF8View,
        countIn range: ClosedRange<Int>
    ) -> [UInt8]? {
        let source = Array(field)
        var bytes = [UInt8](repeating: 0, count: range.upperBound)
        var count = 0
        let status = unsafe source.withUnsafeBytes { text in
            unsafe sodium_base642bin(
                &bytes,
                bytes.count,
                text.baseAddress?.assumingMemoryBound(to: CChar.self),
                text.count,
                nil,
                &count,
                nil,
                sodium_base64_VARIANT_ORIGINAL_NO_PADDING
            )
        }
        return status == 0 && range.contains(count) ? Array(bytes[..<count]) : nil
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: (bytes.count * 4 + 2) / 3 + 1)
        unsafe sodium_bin2base64(
            &text,
            text.count,
            bytes,
            bytes.count,
            sodium_base64_VARIANT_ORIGINAL_NO_PADDING
        )
        return String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
