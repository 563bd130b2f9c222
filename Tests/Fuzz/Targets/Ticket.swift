import HTTP

@testable import Sessions

/// The decoder without tables and branches agrees with one that has both, for every length.
func fuzzTicket(_ text: [UInt8]) throws {
    let string = String(decoding: text, as: UTF8.self)
    for count in [0, 1, 2, 16, 32, Base64URL.longest] {
        let isText = string.utf8.elementsEqual(text)
        let decoded = isText ? Base64URL.decode(string, count: count) : nil
        let expected = isText ? decodedBase64URL(text, count: count) : nil
        try promise(decoded == expected, "\(count) bytes: \(decoded ?? []) is \(expected ?? [])")
        if let decoded {
            try promise(Base64URL.encode(decoded) == string, "one text for each value")
        }
    }
    let isTicket = decodedBase64URL(text, count: 32) != nil
    try promise((Ticket.digest(of: text.span) != nil) == isTicket, "what a ticket is")
    let id = PublicID(text: string)
    try promise((id != nil) == (decodedBase64URL(Array(string.utf8), count: 16) != nil), "an id")
    if let id { try promise(id.text == string, "an id has one text") }
    // And from the other side: whatever is encoded comes back.
    let bytes = Array(text.prefix(Base64URL.longest))
    try promise(
        Base64URL.decode(Base64URL.encode(bytes), count: bytes.count) == bytes,
        "encoded and decoded"
    )
}

private let base64URL = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8
)

/// Decodes text of exactly so many bytes as RFC 4648 section 5 has it, bit by bit.
private func decodedBase64URL(_ text: [UInt8], count: Int) -> [UInt8]? {
    var bits: [UInt8] = []
    for character in text {
        guard let value = base64URL.firstIndex(of: character) else { return nil }
        bits += (0..<6).map { UInt8(value >> (5 - $0) & 1) }
    }
    let spare = bits.count - count * 8
    guard (0..<6).contains(spare), !bits.suffix(spare).contains(1) else { return nil }
    return (0..<count).map { index in
        bits[index * 8..<index * 8 + 8].reduce(0) { $0 << 1 | $1 }
    }
}
