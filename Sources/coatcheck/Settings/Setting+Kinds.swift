extension Setting where Value == String {
    /// A text without control characters.
    static func text(
        _ key: String,
        _ standard: String,
        allowed: String = "a text",
        _ text: String,
        where isAllowed: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> Setting {
        Setting(
            key: key,
            standard: .scalar(standard),
            allowed: allowed,
            text: text,
            isSecret: false
        ) { raw in
            guard case .scalar(let value) = raw, isAllowed(value),
                value.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
            else { return nil }
            return value
        }
    }

    /// An address that may hold a password, and is never shown.
    static func address(_ key: String, schemes: [String], _ text: String) -> Setting {
        let setting = Setting.text(
            key,
            "",
            allowed: "an address that begins with "
                + schemes.map { "\($0)://" }.joined(separator: ", ") + ", or empty",
            text
        ) { value in
            value.isEmpty || schemes.contains { value.hasPrefix("\($0)://") }
        }
        return Setting(
            key: key,
            standard: setting.standard,
            allowed: setting.allowed,
            text: text,
            isSecret: true,
            read: setting.read
        )
    }

    /// An absolute path.
    static func path(_ key: String, _ standard: String, _ text: String) -> Setting {
        .text(key, standard, allowed: "an absolute path", text) { $0.hasPrefix("/") }
    }
}

extension Setting where Value == Int {
    /// A whole number within a range.
    static func number(
        _ key: String,
        _ standard: Int,
        in range: ClosedRange<Int>,
        _ text: String
    ) -> Setting {
        Setting(
            key: key,
            standard: .scalar("\(standard)"),
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            text: text,
            isSecret: false
        ) { raw in
            guard case .scalar(let value) = raw, let number = Int(value), range.contains(number)
            else { return nil }
            return number
        }
    }
}

extension Setting where Value == Int {
    /// An amount of memory, in bytes; the units are powers of 1024.
    static func size(
        _ key: String,
        _ standard: String,
        in range: ClosedRange<Int>,
        _ text: String
    ) -> Setting {
        Setting(
            key: key,
            standard: .scalar(standard),
            allowed: "a size such as 64M or 1G, from \(written(range.lowerBound))"
                + " to \(written(range.upperBound))",
            text: text,
            isSecret: false
        ) { raw in
            guard case .scalar(let value) = raw, let size = bytes(value), range.contains(size)
            else { return nil }
            return size
        }
    }

    private static var sizeUnits: [(name: Character, bytes: Int)] {
        [("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)]
    }

    private static func bytes(_ text: String) -> Int? {
        guard let unit = sizeUnits.first(where: { $0.name == text.last }),
            text.utf8.dropLast().allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text.dropLast())
        else { return nil }
        let (product, isTooLarge) = number.multipliedReportingOverflow(by: unit.bytes)
        return isTooLarge ? nil : product
    }

    private static func written(_ size: Int) -> String {
        let unit = sizeUnits.first { size >= $0.bytes && size % $0.bytes == 0 }
        return unit.map { "\(size / $0.bytes)\($0.name)" } ?? "\(size)"
    }
}

extension Setting where Value == Int64 {
    /// A span of time, in seconds.
    static func duration(
        _ key: String,
        _ standard: String,
        in range: ClosedRange<Int64>,
        _ text: String
    ) -> Setting {
        Setting(
            key: key,
            standard: .scalar(standard),
            allowed: "a time such as 90s, 10m, 8h or 30d, from \(written(range.lowerBound))"
                + " to \(written(range.upperBound))",
            text: text,
            isSecret: false
        ) { raw in
            guard case .scalar(let value) = raw, let time = seconds(value), range.contains(time)
            else { return nil }
            return time
        }
    }

    private static var units: [(name: Character, seconds: Int64)] {
        [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
    }

    static func seconds(_ text: String) -> Int64? {
        guard let unit = units.first(where: { $0.name == text.last }),
            text.dropLast().allSatisfy(\.isNumber), let number = Int64(text.dropLast())
        else { return nil }
        let (product, isTooLarge) = number.multipliedReportingOverflow(by: unit.seconds)
        return isTooLarge ? nil : product
    }

    private static func written(_ seconds: Int64) -> String {
        let unit = units.first { seconds >= $0.seconds && seconds % $0.seconds == 0 }
        return unit.map { "\(seconds / $0.seconds)\($0.name)" } ?? "\(seconds)s"
    }
}

extension Setting where Value == UInt32 {
    /// The rights of a file, in octal.
    static func mode(_ key: String, _ standard: String, _ text: String) -> Setting {
        Setting(
            key: key,
            standard: .scalar(standard),
            allowed: "the rights of a file in octal, such as 0660",
            text: text,
            isSecret: false
        ) { raw in
            guard case .scalar(let value) = raw, (3...4).contains(value.utf8.count),
                value.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
                let mode = UInt32(value, radix: 8), mode <= 0o777
            else { return nil }
            return mode
        }
    }
}

extension Setting where Value == Bool {
    /// A yes or no.
    static func flag(_ key: String, _ standard: Bool, _ text: String) -> Setting {
        Setting(
            key: key,
            standard: .scalar("\(standard)"),
            allowed: "true or false",
            text: text,
            isSecret: false
        ) { raw in
            switch raw {
            case .scalar("true"): true
            case .scalar("false"): false
            default: nil
            }
        }
    }
}

extension Setting where Value == [String] {
    /// A list of texts; in the environment separated by commas.
    static func list(
        _ key: String,
        allowed: String,
        _ text: String,
        where isAllowed: @escaping @Sendable (String) -> Bool
    ) -> Setting {
        Setting(
            key: key,
            standard: .list([]),
            allowed: allowed,
            text: text,
            isSecret: false
        ) { raw in
            let values =
                switch raw {
                case .list(let values): values
                case .scalar(let text): text.split(separator: ",").map { String($0) }
                case .mapping: [""]
                }
            return values.allSatisfy(isAllowed) ? values : nil
        }
    }
}

extension Setting {
    /// One of a few words.
    static func choice(
        _ key: String,
        _ standard: String,
        of values: [(word: String, value: Value)],
        _ text: String
    ) -> Setting {
        Setting(
            key: key,
            standard: .scalar(standard),
            allowed: "one of " + values.map(\.word).joined(separator: ", "),
            text: text,
            isSecret: false
        ) { raw in
            values.first { .scalar($0.word) == raw }?.value
        }
    }
}
