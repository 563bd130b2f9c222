internal import CSodium

/// The secret in a session cookie: 256 bits from the system's generator (ASVS 7.2.3 asks for 128).
///
/// As text it is 43 characters of base64url without padding. The server keeps only its digest;
/// the ticket itself exists between being drawn and being written into a Set-Cookie header. It
/// never prints itself.
package struct Ticket: Sendable {
    /// The length of a ticket, in bytes.
    static let byteCount = 32
    /// The length of a ticket's text, in characters.
    package static let textLength = 43

    /// The value of the cookie.
    package let text: String
    /// The key under which the session is stored.
    package let digest: TokenDigest

    /// Draws a new ticket.
    package static func random() -> Ticket {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        unsafe randombytes_buf(&bytes, byteCount)
        return unsafe Ticket(
            text: Base64URL.encode(bytes),
            digest: TokenDigest(ofTicket: bytes)
        )
    }

    private init(text: String, digest: TokenDigest) {
        self.text = text
        self.digest = digest
    }

    /// Returns the digest of the ticket in a cookie's value; `nil` when that is not the text of
    /// a ticket.
    ///
    /// Length and alphabet are checked before anything is looked up (CS-Session, "as user
    /// input"). Nothing is allocated.
    package static func digest(of value: Span<UInt8>) -> TokenDigest? {
        guard value.count == textLength else { return nil }
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: byteCount) { ticket in
            guard let ticket = ticket.baseAddress else { return nil }
            let isWhole = unsafe value.withUnsafeBufferPointer { text in
                unsafe Base64URL.decode(text, into: ticket, count: byteCount)
            }
            return isWhole ? unsafe TokenDigest(ofTicket: ticket) : nil
        }
    }
}

extension Ticket: CustomStringConvertible {
    package var description: String { "<ticket>" }
}

extension Ticket: CustomReflectable {
    package var customMirror: Mirror { Mirror(self, children: []) }
}
