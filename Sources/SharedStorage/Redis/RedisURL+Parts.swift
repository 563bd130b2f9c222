internal import Sessions

/// The parts of a URL.
extension RedisURL {
    /// An error that says what is wrong, as the end of a sentence.
    static func refusal(_ reason: String) -> StorageError {
        .unavailable(code: "settings", detail: "the URL of Redis: \(reason)")
    }

    /// The part before the path, and the path with its slash.
    static func parts(of body: Substring) -> (authority: Substring, path: Substring) {
        let slash = body.firstIndex(of: "/") ?? body.endIndex
        return (body[..<slash], body[slash...])
    }

    static func credentials(
        _ text: Substring
    ) throws(StorageError) -> (user: String?, password: String?) {
        guard !text.isEmpty else { return (nil, nil) }
        guard let (user, password) = text.split(atFirst: ":") else {
            return (try decoded(text, "the user"), nil)
        }
        return (
            user.isEmpty ? nil : try decoded(user, "the user"),
            try decoded(password, "the password")
        )
    }

    static func addresses(_ text: Substring, port: UInt16) throws(StorageError) -> [Address] {
        var addresses: [Address] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            addresses.append(try address(part, port: port))
        }
        return addresses
    }

    private static func address(
        _ text: Substring,
        port standard: UInt16
    ) throws(StorageError) -> Address {
        let host: Substring
        let rest: Substring
        if text.first == "[" {
            guard let (inside, after) = text.dropFirst().split(atFirst: "]") else {
                throw Self.refusal("an address has no closing bracket")
            }
            (host, rest) = (inside, after)
        } else {
            let colon = text.firstIndex(of: ":") ?? text.endIndex
            (host, rest) = (text[..<colon], text[colon...])
        }
        guard !host.isEmpty else { throw Self.refusal("it names no host") }
        guard host.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "%") }) else {
            throw Self.refusal("a host has a character that no host has")
        }
        guard !rest.isEmpty else { return Address(host: String(host), port: standard) }
        guard rest.first == ":", let port = UInt16(digits: rest.dropFirst()), port > 0 else {
            throw Self.refusal("a port is not a number from 1 to 65535")
        }
        return Address(host: String(host), port: port)
    }

    static func database(_ text: String) throws(StorageError) -> Int {
        guard !text.isEmpty else { return 0 }
        guard let number = UInt16(digits: text[...]) else {
            throw Self.refusal("the database is not a number from 0 to 65535")
        }
        return Int(number)
    }

    static func parameters(_ query: Substring) throws(StorageError) -> [String: String] {
        var parameters: [String: String] = [:]
        for part in query.split(separator: "&") {
            guard let (name, value) = part.split(atFirst: "="), !value.isEmpty,
                name.utf8.allSatisfy({ UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 })
            else { throw Self.refusal("a parameter is not of the form name=value") }
            guard parameters[String(name)] == nil else {
                throw Self.refusal("it has a parameter twice")
            }
            parameters[String(name)] = try decoded(value, "a parameter")
        }
        return parameters
    }

    /// Takes the names of the files for TLS out of the parameters.
    static func certificates(
        _ parameters: inout [String: String],
        isWanted: Bool
    ) throws(StorageError) -> Certificates? {
        guard isWanted else { return nil }
        let files = Certificates(
            authorities: parameters.removeValue(forKey: "sslrootcert"),
            certificate: parameters.removeValue(forKey: "sslcert"),
            key: parameters.removeValue(forKey: "sslkey")
        )
        guard (files.certificate == nil) == (files.key == nil) else {
            throw Self.refusal("sslcert and sslkey must be given together")
        }
        return files
    }

    /// Decodes what is percent-encoded.
    static func decoded(_ text: Substring, _ part: String) throws(StorageError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexValue),
                let low = rest.popFirst().flatMap(hexValue)
            else { throw Self.refusal("\(part) has a % that two hexadecimal digits do not follow") }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw Self.refusal("\(part) is not UTF-8")
        }
        return decoded
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension UInt16 {
    /// Reads digits and nothing else, which `UInt16.init(_:)` does not insist on.
    fileprivate init?(digits text: Substring) {
        guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
            return nil
        }
        self.init(text)
    }
}

extension StringProtocol where SubSequence == Substring {
    /// What stands before and behind the first of a text.
    func split(atFirst separator: String) -> (Substring, Substring)? {
        var place = startIndex
        while place < endIndex {
            if self[place...].hasPrefix(separator) {
                return (self[..<place], self[place...].dropFirst(separator.count))
            }
            place = index(after: place)
        }
        return nil
    }

    /// What stands before and behind the last of a character.
    func split(atLast separator: Character) -> (Substring, Substring)? {
        lastIndex(of: separator).map { (self[..<$0], self[index(after: $0)...]) }
    }
}
