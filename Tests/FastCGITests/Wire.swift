/// FastCGI records as bytes, after the FastCGI specification 1.0, written anew for the tests so
/// that they share no mistake with libfcgi.
enum Wire {
    /// The types of records that are used here (section 8).
    enum Kind: UInt8 {
        case begin = 1
        case abort = 2
        case end = 3
        case params = 4
        case stdin = 5
        case stdout = 6
        case stderr = 7
        case getValues = 9
        case getValuesResult = 10
        case unknownType = 11
    }

    /// One record; content longer than 65535 bytes is the caller's mistake.
    static func record(
        _ kind: Kind,
        _ content: [UInt8] = [],
        id: UInt16 = 1,
        padding: UInt8 = 0
    ) -> [UInt8] {
        header(type: kind.rawValue, id: id, length: content.count, padding: padding) + content
            + [UInt8](repeating: 0xAA, count: Int(padding))
    }

    /// The eight bytes before the content.
    static func header(
        version: UInt8 = 1,
        type: UInt8,
        id: UInt16 = 1,
        length: Int,
        padding: UInt8 = 0
    ) -> [UInt8] {
        let length = UInt16(length)
        return [
            version, type, UInt8(id >> 8), UInt8(id & 0xFF), UInt8(length >> 8),
            UInt8(length & 0xFF), padding, 0,
        ]
    }

    /// A BEGIN_REQUEST record; role 1 is the responder, flag 1 asks to keep the connection.
    static func begin(role: UInt16 = 1, flags: UInt8 = 0, id: UInt16 = 1) -> [UInt8] {
        record(.begin, [UInt8(role >> 8), UInt8(role & 0xFF), flags, 0, 0, 0, 0, 0], id: id)
    }

    /// One name and value with their lengths (section 3.4).
    static func pair(_ name: [UInt8], _ value: [UInt8]) -> [UInt8] {
        length(name.count) + length(value.count) + name + value
    }

    /// A stream in records of at most `step` bytes, with the empty one at its end.
    static func stream(_ kind: Kind, _ content: [UInt8], step: Int = 65_535) -> [UInt8] {
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: content.count, by: step) {
            bytes += record(kind, Array(content[start..<min(start + step, content.count)]))
        }
        return bytes + record(kind)
    }

    private static func length(_ count: Int) -> [UInt8] {
        if count < 128 { return [UInt8(count)] }
        return [
            UInt8(count >> 24) | 0x80, UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF),
            UInt8(count & 0xFF),
        ]
    }
}

/// A request as a web server would send it.
struct WireRequest: Sendable {
    /// Names and values in their order.
    var parameters: [(name: [UInt8], value: [UInt8])] = [
        (Array("REQUEST_METHOD".utf8), Array("GET".utf8))
    ]
    var body: [UInt8] = []
    var flags: UInt8 = 0
    var role: UInt16 = 1
    /// The most bytes of content in one record.
    var step = 65_535

    /// A GET with more parameters.
    static func get(_ more: [(String, String)] = []) -> WireRequest {
        var request = WireRequest()
        for (name, value) in more { request.add(name, value) }
        return request
    }

    /// A POST whose CONTENT_LENGTH is right, unless another one is given.
    static func post(_ body: [UInt8], length: String? = nil) -> WireRequest {
        var request = WireRequest(parameters: [])
        request.add("REQUEST_METHOD", "POST")
        request.add("CONTENT_LENGTH", length ?? String(body.count))
        request.body = body
        return request
    }

    /// The same request with FCGI_KEEP_CONN: the connection is to stay open.
    var kept: WireRequest {
        var request = self
        request.flags = 1
        return request
    }

    /// Adds a parameter behind the others.
    mutating func add(_ name: String, _ value: String) {
        parameters.append((Array(name.utf8), Array(value.utf8)))
    }

    /// Everything up to the end of the parameters.
    var head: [UInt8] {
        let pairs = parameters.flatMap { Wire.pair($0.name, $0.value) }
        return Wire.begin(role: role, flags: flags) + Wire.stream(.params, pairs, step: step)
    }

    /// The whole request.
    var bytes: [UInt8] { head + Wire.stream(.stdin, body, step: step) }
}

/// What came back on a connection, up to its end.
struct WireAnswer: Sendable {
    /// The content of all STDOUT records.
    private(set) var output: [UInt8] = []
    /// The content of all STDERR records.
    private(set) var errors: [UInt8] = []
    /// The protocol status of each END_REQUEST record, by the id of the request.
    private(set) var ends: [UInt16: UInt8] = [:]
    /// The types of the records in their order.
    private(set) var types: [UInt8] = []
    /// Bytes that are no whole record.
    private(set) var rest: [UInt8] = []
    /// Whether the connection was reset instead of closed.
    let isReset: Bool

    /// Takes apart what was received.
    init(_ bytes: [UInt8], isReset: Bool) {
        self.isReset = isReset
        var rest = bytes[...]
        while rest.count >= 8 {
            let head = Array(rest.prefix(8))
            let length = Int(head[4]) << 8 | Int(head[5])
            guard rest.count >= 8 + length + Int(head[6]) else { break }
            let content = Array(rest.dropFirst(8).prefix(length))
            rest = rest.dropFirst(8 + length + Int(head[6]))
            types.append(head[1])
            switch Wire.Kind(rawValue: head[1]) {
            case .stdout: output += content
            case .stderr: errors += content
            case .end: ends[UInt16(head[2]) << 8 | UInt16(head[3])] = content[4]
            default: break
            }
        }
        self.rest = Array(rest)
    }

    /// Whether request 1 was answered to its end, and nothing else came.
    var isWhole: Bool { ends[1] == 0 && rest.isEmpty && errors.isEmpty }

    /// The header lines.
    var lines: [String] { text(output[..<split]).split(separator: "\r\n").map(String.init) }

    /// The status; `nil` when there is no answer.
    var status: Int? {
        guard let first = lines.first, first.hasPrefix("Status: ") else { return nil }
        return Int(first.dropFirst(8).prefix(3))
    }

    /// The bytes behind the empty line.
    var body: [UInt8] { Array(output[split...].dropFirst(4)) }

    /// The body as text.
    var bodyText: String { text(body[...]) }

    private var split: Int {
        output.indices.first { output[$0...].starts(with: [13, 10, 13, 10]) } ?? output.count
    }

    private func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
