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
        fields = unsafe [UInt8](unsafeUninitializedCapacity: Self.reserved) { _, count in
            count = 0
        }
        body = []
    }

    /// Adds a field; an earlier one of the same name stays.
    package mutating func add(_ name: StaticString, _ value: String) {
        var value = value
        value.withUTF8 { unsafe add(name, value: $0) }
    }

    /// Adds a field whose value is given in bytes.
    package mutating func add(_ name: StaticString, bytes: [UInt8]) {
        add(name, bytes.span)
    }

    /// Adds a field whose value is given in bytes, where they lie.
    package mutating func add(_ name: StaticString, _ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe add(name, value: $0) }
    }

    /// Adds a field whose value is given in bytes, where they lie.
    package mutating func add(_ name: StaticString, _ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe bytes.withMemoryRebound(to: UInt8.self) { unsafe add(name, value: $0) }
        }
    }

    private mutating func add(_ name: StaticString, value: UnsafeBufferPointer<UInt8>) {
        let nameLength = name.utf8CodeUnitCount
        let length = nameLength + value.count + 4
        fields.append(addingCapacity: length) { line in
            unsafe line.withUnsafeMutableBufferPointer { line, filled in
                guard let start = line.baseAddress, line.count - filled >= length else { return }
                let place = unsafe start + filled
                unsafe place.update(from: name.utf8Start, count: nameLength)
                unsafe place[nameLength] = UInt8(ascii: ":")
                unsafe place[nameLength + 1] = UInt8(ascii: " ")
                if let bytes = value.baseAddress {
                    unsafe (place + nameLength + 2).update(from: bytes, count: value.count)
                }
                unsafe place[length - 2] = UInt8(ascii: "\r")
                unsafe place[length - 1] = UInt8(ascii: "\n")
                filled += length
            }
        }
        // Without a branch in it, the compiler makes this loop look at sixteen bytes at once.
        var forbidden: UInt8 = 0
        for index in 0..<value.count {
            let byte = unsafe value[index]
            let isControl: UInt8 = byte < 0x20 ? 1 : 0
            let isOther: UInt8 = byte != 0x09 ? 1 : 0
            forbidden |= isControl & isOther | (byte == 0x7F ? 1 : 0)
        }
        if forbidden != 0 { replaceForbidden(fields.count - 2 - value.count..<fields.count - 2) }
    }

    private mutating func replaceForbidden(_ value: Range<Int>) {
        for index in value where Self.isForbidden(fields[index]) {
            fields[index] = UInt8(ascii: "?")
        }
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
