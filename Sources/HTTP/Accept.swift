/// What the header `Accept` says about the two forms in which we answer.
///
/// Qualities are thousandths (RFC 9110 section 12.4.2); 0 means "not", and so does a form that is
/// not named. Wildcards name neither form: `*/*` is what every tool sends.
struct Accept {
    /// The quality of a page: `text/html` or `application/xhtml+xml`.
    private(set) var page = 0
    /// The quality of JSON: `application/json` or `application/problem+json`.
    private(set) var json = 0

    /// The bytes that are read; browsers send about 150, the rest is not looked at.
    private static let limit = 1024

    /// Reads the header; a media range that breaks the grammar counts as not sent.
    init(_ header: String?) {
        guard let header else { return }
        var scanner = FieldScanner(header, limit: Self.limit)
        while !scanner.isAtEnd {
            scanner.skipSpace()
            if let range = MediaType(&scanner), scanner.isAtEnd || scanner.skip(",") {
                note(range)
            } else {
                scanner.skipElement()
            }
        }
    }

    private mutating func note(_ range: MediaType) {
        guard let quality = Self.quality(range.parameters["q"] ?? "1") else { return }
        switch range.essence {
        case "text/html", "application/xhtml+xml": page = max(page, quality)
        case MediaType.json, "application/problem+json": json = max(json, quality)
        default: break
        }
    }

    /// Says whether a page is named and JSON is not preferred to it.
    var prefersPage: Bool { page > 0 && page >= json }

    /// Reads "0", "1", "0.5", "0.333" or "1.000"; `nil` for anything else.
    private static func quality(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard let whole = bytes.first, whole == 0x30 || whole == 0x31, bytes.count <= 5,
            bytes.count == 1 || bytes[1] == UInt8(ascii: ".")
        else { return nil }
        var thousandths = Int(whole - 0x30) * 1000
        var unit = 100
        for byte in bytes.dropFirst(2) {
            guard (0x30...0x39).contains(byte) else { return nil }
            thousandths += Int(byte - 0x30) * unit
            unit /= 10
        }
        return thousandths <= 1000 ? thousandths : nil
    }
}
