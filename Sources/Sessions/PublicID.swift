internal import CSodium

/// A random name of 128 bits for a user or a session that is safe to show.
///
/// It opens nothing: it only says which record is meant. Its text is 22 characters of base64url
/// without padding, its stored form 16 bytes.
package struct PublicID: Hashable, Sendable {
    /// The bytes 0 to 7 and 8 to 15, in memory order.
    let halves: (UInt64, UInt64)

    /// Draws a new name from the system's generator.
    ///
    /// Its text does not begin with `-`, which a command line would take for an option: one in 64
    /// draws is repeated.
    package static func random() -> PublicID {
        var halves: (UInt64, UInt64) = (0, 0)
        repeat {
            unsafe randombytes_buf(&halves, MemoryLayout<(UInt64, UInt64)>.size)
        } while PublicID.beginsWithDash(halves)
        return PublicID(halves: halves)
    }

    /// Whether the first six bits are 62, the value of `-` (RFC 4648, table 2).
    private static func beginsWithDash(_ halves: (UInt64, UInt64)) -> Bool {
        unsafe withUnsafeBytes(of: halves) { unsafe $0[0] >> 2 } == 62
    }

    /// Creates a name from the bytes 0 to 7 and 8 to 15, in memory order.
    init(halves: (UInt64, UInt64)) {
        self.halves = halves
    }

    /// Creates a name from its 16 bytes; `nil` for any other count.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        unsafe withUnsafeMutableBytes(of: &halves) { unsafe $0.copyBytes(from: bytes) }
        self.halves = halves
    }

    /// Creates a name from its text; `nil` when that is not 22 characters of base64url.
    package init?(text: String) {
        guard let bytes = Base64URL.decode(text, count: 16) else { return nil }
        self.init(bytes: bytes)
    }

    /// The 16 bytes of the stored form.
    package var bytes: [UInt8] {
        unsafe withUnsafeBytes(of: halves) { unsafe Array($0) }
    }

    /// The 22 characters that are shown.
    package var text: String {
        let characters = Base64URL.characters(of: halves)
        return String(
            decoding: (0..<PublicID.textLength).map { characters[$0] },
            as: UTF8.self
        )
    }

    /// The length of the text, in characters.
    private static let textLength = 22

    /// Calls `body` with the same in ASCII, without an allocation.
    package func withText(_ body: (Span<UInt8>) -> Void) {
        let characters = Base64URL.characters(of: halves)
        body(characters.span.extracting(first: PublicID.textLength))
    }

    package static func == (left: PublicID, right: PublicID) -> Bool {
        left.halves == right.halves
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(halves.0)
        hasher.combine(halves.1)
    }
}

extension PublicID: CustomStringConvertible {
    package var description: String { text }
}
