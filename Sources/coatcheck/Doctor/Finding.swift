/// One thing that was looked at, and what came out.
package struct Finding: Hashable, Sendable {
    /// How bad it is.
    package enum Verdict: String, Sendable {
        /// As it should be.
        case ok
        /// Login works, but somebody should look at it.
        case warning
        /// It breaks login, or what protects it.
        case problem
    }

    /// How bad it is.
    package let verdict: Verdict
    /// What was found, in one line.
    package let text: String
    /// How to mend it.
    package let mend: String?

    /// Something is as it should be.
    package static func ok(_ text: String) -> Finding {
        Finding(verdict: .ok, text: text, mend: nil)
    }

    /// Something should be looked at.
    package static func warning(_ text: String, mend: String? = nil) -> Finding {
        Finding(verdict: .warning, text: text, mend: mend)
    }

    /// Something is broken, and how to mend it.
    package static func problem(_ text: String, mend: String) -> Finding {
        Finding(verdict: .problem, text: text, mend: mend)
    }

    /// The finding as it is printed: a line, and below it an indented one.
    package var lines: String {
        let padding = String(repeating: " ", count: 9 - verdict.rawValue.count)
        let first = verdict.rawValue + padding + Self.printable(text)
        guard let mend else { return first }
        return first + "\n" + String(repeating: " ", count: 9) + "mend: " + Self.printable(mend)
    }

    /// The most characters of a line; texts of servers and of SQLite are parts of some.
    private static let limit = 500

    /// A text that cannot move the cursor or begin a line of its own.
    private static func printable(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(limit) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: line.append("?")
            default: line.append(scalar)
            }
        }
        return String(line)
    }
}
