internal import CNettle

/// The last line of a backup: the SHA-256 of everything before it, in hexadecimal.
///
/// SQLite notices damage to its trees, but not a bit that has turned over in a value; with the seal
/// every one is noticed. SQLite reads a database up to its last page and no further, so a sealed
/// file is a database like any other. It proves that the file is whole, not who made it.
struct BackupSeal {
    /// How the line begins.
    static let label = "coatcheck backup, sha256 "
    /// How long the line is: the label, 64 digits and the line feed.
    static let byteCount = label.utf8.count + 64 + 1

    private var context = sha256_ctx()

    /// Begins with nothing.
    init() {
        unsafe nettle_sha256_init(&context)
    }

    /// Takes in what comes next.
    mutating func add(_ bytes: ArraySlice<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe nettle_sha256_update(&context, bytes.count, bytes.baseAddress)
        }
    }

    /// The line about everything that was taken in.
    consuming func line() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
        unsafe nettle_sha256_digest(&context, digest.count, &digest)
        let digits = Array("0123456789abcdef".utf8)
        let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return Array(Self.label.utf8) + text + [UInt8(ascii: "\n")]
    }

    /// Whether bytes look like such a line, be it right or wrong.
    static func isLine(_ bytes: [UInt8]) -> Bool {
        bytes.count == byteCount && bytes.starts(with: label.utf8)
    }
}
