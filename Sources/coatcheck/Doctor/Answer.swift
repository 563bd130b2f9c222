/// An answer as nginx or Coatcheck itself gave it.
package struct Answer: Hashable, Sendable {
    /// The status.
    package let status: Int
    /// The fields in their order, names in lower case.
    package let fields: [Field]
    /// The body; bytes that are not UTF-8 are replaced.
    package let body: String

    /// One field.
    package struct Field: Hashable, Sendable {
        /// The name in lower case.
        package let name: String
        /// The value without the spaces around it.
        package let value: String
    }

    /// Reads a head and a body: the first line is `HTTP/1.1 200 …` or, over FastCGI, `Status: 200`.
    ///
    /// - Returns: `nil` for anything else.
    package init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        repeat {
            guard let end = Self.endOfHead(rest) else { return nil }
            let lines = String(decoding: rest[..<end], as: UTF8.self).split(separator: "\r\n")
            rest = rest[(end + 4)...]
            guard let first = lines.first, let space = first.firstIndex(of: " "),
                first.hasPrefix("HTTP/") || first.hasPrefix("Status:"),
                let status = Int(first[space...].dropFirst().prefix(3))
            else { return nil }
            // An interim answer is followed by the final one (RFC 9110 section 15.2).
            if (100..<200).contains(status) { continue }
            self.status = status
            fields = lines.dropFirst().compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                guard let name = parts.first else { return nil }
                let value = parts.count == 2 ? parts[1] : ""
                return Field(name: name.lowercased(), value: Self.trimmed(value))
            }
            body = String(decoding: rest, as: UTF8.self)
            return
        } while true
    }

    /// Creates an answer from its parts.
    package init(status: Int, fields: [(String, String)] = [], body: String = "") {
        self.status = status
        self.fields = fields.map { Field(name: $0.0.lowercased(), value: $0.1) }
        self.body = body
    }

    /// The values of a field, by its name in lower case.
    package func values(_ name: String) -> [String] {
        fields.filter { $0.name == name }.map(\.value)
    }

    /// The first value of a field, by its name in lower case.
    package func value(_ name: String) -> String? {
        values(name).first
    }

    private static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.indices.dropLast(3).first { at in
            bytes[at] == 13 && bytes[at + 1] == 10 && bytes[at + 2] == 13 && bytes[at + 3] == 10
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
