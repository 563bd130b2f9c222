/// Text in Prometheus' exposition format, version 0.0.4.
struct Exposition {
    private(set) var text = ""

    /// Begins a metric with what it is.
    mutating func begin(_ name: String, help: String, type: String) {
        text += "# HELP \(name) \(Exposition.escaped(help, quotes: false))\n"
        text += "# TYPE \(name) \(type)\n"
    }

    /// Writes one number; `labels` are as `labels(_:)` writes them.
    mutating func add(_ name: String, _ labels: String = "", value: String) {
        text += "\(name)\(labels) \(value)\n"
    }

    /// Writes labels as `{name="value",…}`, or nothing when there are none.
    static func labels(_ labels: [(name: String, value: String)]) -> String {
        if labels.isEmpty { return "" }
        let pairs = labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
        return "{\(pairs.joined(separator: ","))}"
    }

    /// Writes nanoseconds as seconds, exactly.
    static func seconds(_ nanoseconds: UInt64) -> String {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        if rest == 0 { return "\(whole)" }
        let digits = String(rest)
        var fraction = String(repeating: "0", count: 9 - digits.count) + digits
        while fraction.last == "0" { fraction.removeLast() }
        return "\(whole).\(fraction)"
    }

    /// Escapes what would end a line or a label: backslash, line feed and, in labels, the quote.
    private static func escaped(_ value: String, quotes: Bool) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\"" where quotes: text += "\\\""
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
