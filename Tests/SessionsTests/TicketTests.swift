import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(10)))
struct TicketTests {
    /// SHA-256 computed with another program: (bytes of the ticket as base64url, digest).
    static let vectors: [(String, String)] = [
        (
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
        ),
        (
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
        ),
        (
            "__________________________________________8",
            "af9613760f72635fbdb44a5a0a63c39f12af30f950a6ee5c971be188e89c4051"
        ),
    ]

    static let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

    /// ASVS 7.2.3 asks for 128 bits of entropy; 43 characters of base64url carry 256.
    @Test func `a ticket is 43 characters of base64url without padding`() {
        let texts = (0..<200).map { _ in Ticket.random().text }
        for text in texts {
            #expect(text.utf8.count == Ticket.textLength)
            #expect(text.allSatisfy { TicketTests.alphabet.contains($0) })
        }
        #expect(Set(texts).count == 200)
    }

    @Test func `ASVS 7.2.2: every bit of a ticket is drawn`() throws {
        var ones = [UInt8](repeating: 0, count: Ticket.byteCount)
        var zeros = [UInt8](repeating: 0, count: Ticket.byteCount)
        // A bit that is drawn stays the same in 200 draws once in 2^199 runs.
        for _ in 0..<200 {
            let bytes = try #require(Base64URL.decode(Ticket.random().text, count: 32))
            for (index, byte) in bytes.enumerated() {
                ones[index] |= byte
                zeros[index] |= ~byte
            }
        }
        #expect(ones.allSatisfy { $0 == 0xFF })
        #expect(zeros.allSatisfy { $0 == 0xFF })
    }

    @Test(arguments: vectors)
    func `the digest is the SHA-256 of the bytes, not of the text`(text: String, hex: String) {
        let bytes = ticketDigest(text)?.bytes ?? []
        #expect(bytes.map { hexadecimal($0) }.joined() == hex)
    }

    @Test func `a ticket's own digest is the one its text leads to`() {
        for _ in 0..<50 {
            let ticket = Ticket.random()
            #expect(ticketDigest(ticket.text) == ticket.digest)
        }
    }

    /// The last of 43 characters carries four bits of the ticket and two spare ones.
    @Test func `of the four spellings of a last character only the one with zero bits is taken`() {
        let stem = String(repeating: "A", count: 42)
        let accepted = TicketTests.alphabet.filter { ticketDigest(stem + String($0)) != nil }
        #expect(accepted == Set("AEIMQUYcgkosw048"))
    }

    @Test(arguments: [
        "", "A", String(repeating: "A", count: 42), String(repeating: "A", count: 44),
        String(repeating: "A", count: 42) + "=", String(repeating: "A", count: 43) + "=",
        String(repeating: "A", count: 86), String(repeating: "A", count: 4096),
        "+" + String(repeating: "A", count: 42), "/" + String(repeating: "A", count: 42),
        " " + String(repeating: "A", count: 42), String(repeating: "A", count: 42) + "\n",
        "\u{0}" + String(repeating: "A", count: 42), String(repeating: "A", count: 42) + "\u{0}",
        String(repeating: "\u{0}", count: 43), "é" + String(repeating: "A", count: 41),
        "\"" + String(repeating: "A", count: 41) + "\"", "%41" + String(repeating: "A", count: 40),
    ])
    func `what is not the text of a ticket is refused`(value: String) {
        #expect(ticketDigest(value) == nil)
    }

    @Test func `every byte outside the alphabet is refused at every place`() {
        let allowed = Set(TicketTests.alphabet.compactMap(\.asciiValue))
        for place in 0..<Ticket.textLength {
            let accepted = (UInt8.min...UInt8.max).filter { byte in
                var value = [UInt8](repeating: UInt8(ascii: "A"), count: Ticket.textLength)
                value[place] = byte
                return !allowed.contains(byte) && ticketDigest(value) != nil
            }
            #expect(accepted.isEmpty, "at \(place)")
        }
    }

    /// Logs, assertions and debuggers print values; a session must not leak through them.
    @Test func `a ticket never prints itself`() {
        let ticket = Ticket.random()
        let session = NewSession(
            ticket: ticket,
            session: storedSession(key: ticket.digest, userID: .random())
        )
        for text in renderings(of: ticket) + renderings(of: session) + renderings(of: [ticket]) {
            #expect(!text.contains(ticket.text), "\(text.count) characters of text")
        }
        #expect("\(ticket)" == "<ticket>")
    }

    @Test func `a digest never prints itself`() throws {
        let secret = try digest(Array(1...32))
        let words = "578437695752307201"  // the bytes 1 to 8 as a number in memory order
        for text in renderings(of: secret) {
            #expect(!text.contains(words) && !text.contains("AQIDBAU"), "\(text)")
        }
        #expect("\(secret)" == "<token digest>")
    }

    /// Everything the standard library makes of a value for a reader.
    private func renderings(of value: some Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        return [
            String(describing: value), String(reflecting: value), "\(value)", dumped,
            Mirror(reflecting: value).children.map { "\($0)" }.joined(),
        ]
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
