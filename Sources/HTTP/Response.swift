/// An answer: its status, its header fields and its body.
///
/// A session check makes one of these with four fields, so the fields are kept as the bytes that
/// go out, in one buffer that is reserved once. The status line is not among them: whoever sends
/// the answer writes `Status:` first.
///
/// Whatever is given as a value, it stays one value: CR, LF, NUL, DEL and every other control
/// character but TAB goes out as "?", so nothing a client sent can add a field or end the header
/// section (response splitting, RFC 9110 section 5.5). The field then is visibly wrong instead of
/// silently missing. Bytes from 0x80 up pass, for names in UTF-8.
package struct Response: Hashable, Sendable {
    /// The status code.
    package var status: Int
    /// The fields as "Name: value" lines, each ended by CR LF.
    package private(set) var fields: [UInt8]
    /// The body; left empty for the statuses in ``emptyStatuses``.
    package var body: [UInt8]

    /// The bytes reserved for fields: four identity headers of a session check take about 150.
    private static let reserved = 256

    /// Creates an answer without fields and body.
    package init(status: Int) {
        self.status = status
        fields = []
        fields.reserveCapacity(Self.reserved)
        body = []
    }

    /// Adds a field; an earlier one of the same name stays.
    package mutating func add(_ name: StaticString, _ value: String) {
        begin(name)
        let start = fields.count
        fields.append(contentsOf: value.utf8)
        end(valueFrom: start)
    }

    /// Adds a field whose value is given in bytes.
    package mutating func add(_ name: StaticString, bytes: some Sequence<UInt8>) {
        begin(name)
        let start = fields.count
        fields.append(contentsOf: bytes)
        end(valueFrom: start)
    }

    private mutating func begin(_ name: StaticString) {
        name.withUTF8Buffer { unsafe fields.append(contentsOf: $0) }
        fields.append(UInt8(ascii: ":"))
        fields.append(UInt8(ascii: " "))
    }

    private mutating func end(valueFrom start: Int) {
        for index in start..<fields.count where Self.isForbidden(fields[index]) {
            fields[index] = UInt8(ascii: "?")
        }
        fields.append(UInt8(ascii: "\r"))
        fields.append(UInt8(ascii: "\n"))
    }

    private static func isForbidden(_ byte: UInt8) -> Bool {
        (byte < 0x20 && byte != 0x09) || byte == 0x7F
    }
}

extension Response {
    /// The statuses that never carry a body (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5).
    package static let emptyStatuses: Set<Int> = [204, 205, 304]

    /// Sends the client to another place with GET.
    ///
    /// The place is a path of ours or a ``ReturnPath/location``; nothing here judges it.
    package static func redirect(_ location: String) -> Response {
        var response = Response(status: 303)
        response.add("Location", location)
        return response
    }

    /// Answers with JSON; type and character set are named (ASVS 4.1.1).
    package static func json(_ value: JSON, status: Int = 200) -> Response {
        var response = Response(status: status)
        response.add("Content-Type", "application/json; charset=utf-8")
        response.body = value.serialized()
        return response
    }

    /// Answers with a page; type and character set are named (ASVS 4.1.1).
    package static func html(_ text: String, status: Int = 200) -> Response {
        var response = Response(status: status)
        response.add("Content-Type", "text/html; charset=utf-8")
        response.body = Array(text.utf8)
        return response
    }

    /// Returns the values of the fields of a name in their order; case does not matter.
    package func values(of name: String) -> [String] {
        let wanted = name.lowercased()
        return String(decoding: fields, as: UTF8.self).split(separator: "\r\n")
            .compactMap { line in
                guard let colon = line.firstIndex(of: ":"),
                    line[..<colon].lowercased() == wanted
                else { return nil }
                return String(line[line.index(after: colon)...].drop { $0 == " " })
            }
    }
}
