internal import CNettle

/// The SHA-256 of a ticket: the key under which a session is stored.
///
/// Whoever reads it cannot make the ticket from it, so a copy of the store opens nothing. It is
/// kept inline, without a heap object of its own.
package struct TokenDigest: Hashable, Sendable {
    /// The 32 bytes in memory order.
    let words: (UInt64, UInt64, UInt64, UInt64)

    /// Hashes the 32 bytes of a ticket.
    ///
    /// With nettle rather than libsodium, because it uses the processor's own instructions for
    /// SHA-256 where there are some: this is done at every check.
    init(ofTicket ticket: UnsafePointer<UInt8>) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { words in
            guard let target = words.baseAddress else { return }
            var context = sha256_ctx()
            unsafe nettle_sha256_init(&context)
            unsafe nettle_sha256_update(&context, Ticket.byteCount, ticket)
            unsafe nettle_sha256_digest(
                &context,
                words.count,
                target.assumingMemoryBound(to: UInt8.self)
            )
        }
        self.words = words
    }

    /// Creates a digest from its 32 bytes in memory order.
    init(words: (UInt64, UInt64, UInt64, UInt64)) {
        self.words = words
    }

    /// Creates a digest from its 32 bytes; `nil` for any other count.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { unsafe $0.copyBytes(from: bytes) }
        self.words = words
    }

    /// The 32 bytes of the stored form.
    package var bytes: [UInt8] {
        unsafe withUnsafeBytes(of: words) { unsafe Array($0) }
    }

    /// The first byte, which chooses the shard.
    package var firstByte: UInt8 {
        unsafe withUnsafeBytes(of: words) { unsafe $0[0] }
    }

    package static func == (left: TokenDigest, right: TokenDigest) -> Bool {
        left.words == right.words
    }

    /// A digest is uniformly distributed already; one word of it feeds the hasher.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.1)
    }
}

extension TokenDigest: Comparable {
    /// Orders digests by their bytes, as SQLite orders blobs.
    package static func < (left: TokenDigest, right: TokenDigest) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension TokenDigest: CustomStringConvertible {
    /// A digest never prints itself: the public id names a session in logs.
    package var description: String { "<token digest>" }
}

extension TokenDigest: CustomReflectable {
    package var customMirror: Mirror { Mirror(self, children: []) }
}
