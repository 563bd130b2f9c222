import HTTP

/// A form is read as a reader that splits first and decodes then reads it, and the kinds of values
/// are read without a trap.
func fuzzForm(_ body: [UInt8]) throws {
    let expected = plainFields(body)
    if let form = try? Form(parsing: body) {
        guard let expected else { throw BrokenPromise(description: "a form that is none") }
        for (name, value) in expected {
            try promise(form.value(name).map { Array($0.utf8) } == Array(value.utf8), name)
        }
        try promise(form.value("no\0name") == nil, "an absent field")
    } else {
        try promise(expected == nil || (expected?.count ?? 0) > Form.fieldLimit, "a good form")
    }
    for type in ["application/x-www-form-urlencoded", "application/json"] {
        let request = Request(method: .post, path: "/", contentType: type, body: .bytes(body))
        guard let fields = try? Fields(request) else { continue }
        for name in ["a", "username", "remember", "groups", "version"] {
            _ = try? fields.string(name)
            _ = try? fields.flag(name)
            _ = try? fields.optionalFlag(name)
            _ = try? fields.list(name)
            _ = try? fields.integer(name)
        }
    }
}

/// A value of the query is found where it stands once and can be decoded.
func fuzzQuery(_ query: [UInt8]) throws {
    let text = String(decoding: query, as: UTF8.self)
    for name in ["next", "a"] {
        var values: [String?] = []
        for part in text.utf8.split(separator: UInt8(ascii: "&")) {
            let (key, value) = pair(part)
            if decoded(key) == name { values.append(decoded(value)) }
        }
        let expected = values.count == 1 ? values[0] : nil
        let found = Request(method: .get, path: "/", query: text).queryValue(name)
        try promise(
            found.map { Array($0.utf8) } == expected.map { Array($0.utf8) },
            "\(name): \(found ?? "nil") is \(expected ?? "nil")"
        )
    }
}

/// What is encoded is decoded again, and decoding agrees with the plainest decoder.
func fuzzPercent(_ bytes: [UInt8]) throws {
    let result = try? Percent.decode(bytes)
    try promise(
        result.map { Array($0.utf8) } == decoded(bytes[...]).map { Array($0.utf8) },
        "decoded"
    )
    let text = String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
    let encoded = Percent.encodeQueryValue(text)
    try promise(
        encoded.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return character.isASCII && (character.isLetter || character.isNumber)
                || "-._~%".contains(character)
        },
        "only harmless characters"
    )
    try promise(Array(try Percent.decode(encoded.utf8).utf8) == Array(text.utf8), "encoded")
}

/// The fields of a form; `nil` where one cannot be decoded or stands there twice.
private func plainFields(_ body: [UInt8]) -> [(String, String)]? {
    var fields: [(String, String)] = []
    for part in body.split(separator: UInt8(ascii: "&")) {
        let (rawName, rawValue) = pair(part)
        guard let name = decoded(rawName), let value = decoded(rawValue),
            !fields.contains(where: { $0.0.utf8.elementsEqual(name.utf8) })
        else { return nil }
        fields.append((name, value))
    }
    return fields
}

private func pair<Part: BidirectionalCollection<UInt8>>(
    _ part: Part
) -> (name: [UInt8], value: [UInt8]) {
    let name = part.prefix { $0 != UInt8(ascii: "=") }
    return (Array(name), Array(part.dropFirst(name.count + 1)))
}

/// Decodes urlencoded bytes; `nil` for a broken escape, for NUL, and for what is not UTF-8.
private func decoded(_ bytes: some Collection<UInt8>) -> String? {
    var result: [UInt8] = []
    var rest = Array(bytes)[...]
    while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "+"): result.append(0x20)
        case UInt8(ascii: "%"):
            let digits = rest.prefix(2)
            guard digits.count == 2,
                digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            result.append(value)
            rest = rest.dropFirst(2)
        default: result.append(byte)
        }
    }
    return result.contains(0) ? nil : String(validating: result, as: UTF8.self)
}
