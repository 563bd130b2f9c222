/// One thing that is wrong with what was sent.
package struct InputIssue: Hashable, Sendable {
    /// The field it is about, for example "username" or "list.0"; "" for the body as a whole.
    package let path: String
    /// What is wrong, as one sentence for people.
    package let message: String

    /// The most characters of a field's name that an answer repeats.
    private static let pathLimit = 64

    /// Describes what is wrong with a field; only the first 64 characters of its name are kept.
    package init(path: String, message: String) {
        self.path = String(String.UnicodeScalarView(path.unicodeScalars.prefix(Self.pathLimit)))
        self.message = message
    }
}

/// Why the body of a request cannot be used.
package enum InputError: Error, Hashable {
    /// What it says is wrong: 400.
    case invalid([InputIssue])
    /// Its type is not one that the route reads: 415.
    case unsupportedMediaType
    /// It is over the limit: 413.
    case tooLarge
    /// It ended before its announced length: 400.
    case truncated

    /// Says one thing about one field.
    static func invalid(_ path: String, _ message: String) -> InputError {
        .invalid([InputIssue(path: path, message: message)])
    }
}
