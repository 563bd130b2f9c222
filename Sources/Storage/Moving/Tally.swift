internal import CNettle

/// How many rows there are and a digest of them all, in whichever order they come.
///
/// The digest is the SHA-256 of each row, all combined by exclusive or: rows of one table differ
/// by their keys, so none cancels another.
struct Tally: Hashable {
    /// How many rows there are.
    private(set) var count = 0
    private var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))

    /// Takes in a row.
    mutating func add(_ row: MovableTable.Row) {
        var bytes: [UInt8] = []
        for value in row {
            // The kind and the length first, so that no two rows are the same bytes.
            switch value {
            case .null: Self.append(0, [], to: &bytes)
            case .integer(let number): Self.append(1, Array("\(number)".utf8), to: &bytes)
            case .text(let text): Self.append(2, Array(text.utf8), to: &bytes)
            case .bytes(let some): Self.append(3, some, to: &bytes)
            }
        }
        var context = sha256_ctx()
        var hash = [UInt8](repeating: 0, count: digest.count)
        unsafe nettle_sha256_init(&context)
        unsafe nettle_sha256_update(&context, bytes.count, bytes)
        unsafe nettle_sha256_digest(&context, hash.count, &hash)
        for index in digest.indices { digest[index] ^= hash[index] }
        count += 1
    }

    private static func append(_ kind: UInt8, _ value: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(kind)
        bytes += Array("\(value.count):".utf8)
        bytes += value
    }
}
