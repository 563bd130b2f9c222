extension JSON {
    /// The most arrays and objects within one another; what our routes read needs one.
    package static let depthLimit = 16
    /// The most members of one object; it bounds the search for a name that stands there twice.
    package static let memberLimit = 64

    /// Reads JSON text strictly.
    ///
    /// Everything that RFC 8259 does not allow is refused, and of what it leaves to the reader
    /// also a byte order mark, a name that stands twice in an object (ASVS 15.3.7), surrogates
    /// that form no pair, nesting deeper than 16, an object of more than 64 members, and a number
    /// too large for a Double.
    /// - Throws: ``InputError/invalid(_:)`` that says what is wrong, at which byte and, where it
    ///   is known, in which field.
    package init(parsing bytes: [UInt8]) throws(InputError) {
        var parser = JSONParser(bytes)
        self = try parser.document()
    }
}

/// A reader of one JSON text: a position in the bytes and the names of the fields round it.
struct JSONParser {
    let bytes: [UInt8]
    var position = 0
    private var path: [String] = []

    /// Starts before the first byte.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The byte that comes next; `nil` at the end.
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Reads the whole text.
    mutating func document() throws(InputError) -> JSON {
        guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else {
            throw issue("A byte order mark is not allowed")
        }
        let value = try value(depth: 0)
        skipSpace()
        guard next == nil else { throw issue("There is something behind the JSON value") }
        return value
    }

    private mutating func value(depth: Int) throws(InputError) -> JSON {
        skipSpace()
        guard let byte = next else { throw issue("The JSON text ends too early") }
        switch byte {
        case UInt8(ascii: "{"): return .object(try members(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try elements(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw issue("A JSON value was expected")
        }
    }

    private mutating func members(depth: Int) throws(InputError) -> [JSONMember] {
        try open(depth: depth)
        var members: [JSONMember] = []
        if skip(UInt8(ascii: "}")) { return members }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else {
                throw issue("The name of a member was expected")
            }
            let start = position
            let name = try string()
            path.append(name)
            guard !members.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
                throw issue("This name stands there twice", at: start)
            }
            guard members.count < JSON.memberLimit else {
                throw issue("An object has at most \(JSON.memberLimit) members", at: start)
            }
            guard skip(UInt8(ascii: ":")) else { throw issue("A colon was expected") }
            members.append(JSONMember(name: name, value: try value(depth: depth)))
            path.removeLast()
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "}")) else { throw issue("A comma or } was expected") }
        return members
    }

    private mutating func elements(depth: Int) throws(InputError) -> [JSON] {
        try open(depth: depth)
        var elements: [JSON] = []
        if skip(UInt8(ascii: "]")) { return elements }
        repeat {
            path.append("\(elements.count)")
            elements.append(try value(depth: depth))
            path.removeLast()
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "]")) else { throw issue("A comma or ] was expected") }
        return elements
    }

    private mutating func open(depth: Int) throws(InputError) {
        guard depth <= JSON.depthLimit else {
            throw issue("The nesting is deeper than \(JSON.depthLimit)")
        }
        position += 1
    }

    private mutating func word(_ word: String, _ value: JSON) throws(InputError) -> JSON {
        guard bytes[position...].starts(with: word.utf8) else {
            throw issue("A JSON value was expected")
        }
        position += word.utf8.count
        return value
    }

    /// Moves over white space and then over a byte when it is the next one.
    private mutating func skip(_ byte: UInt8) -> Bool {
        skipSpace()
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            position += 1
        }
    }

    /// Describes what is wrong at a byte, the next one when none is given.
    func issue(_ what: String, at byte: Int? = nil) -> InputError {
        .invalid(path.joined(separator: "."), "\(what) (byte \(byte ?? position)).")
    }
}
