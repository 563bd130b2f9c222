/// One setting: its key, what it may hold, its default, and what it is for.
///
/// The parser, `config dump`, `config example` and the README's table are made from these; there
/// is no second list.
struct Setting<Value: Sendable>: Sendable {
    /// The key in the file; `COATCHECK_` and the key in upper case with "_" in the environment.
    let key: String
    /// The default, as it would be written.
    let standard: RawSetting
    /// What is allowed, in words that follow "must be".
    let allowed: String
    /// What it is for.
    let text: String
    /// Whether its value is never shown.
    let isSecret: Bool
    /// Reads a value; `nil` when it is not allowed.
    let read: @Sendable (RawSetting) -> Value?
}

/// A value as it was written.
enum RawSetting: Hashable, Sendable {
    case scalar(String)
    case list([String])
}

/// A setting of any type.
protocol AnySetting: Sendable {
    var key: String { get }
    var standard: RawSetting { get }
    var allowed: String { get }
    var text: String { get }
    var isSecret: Bool { get }
    func accepts(_ raw: RawSetting) -> Bool
}

extension Setting: AnySetting {
    func accepts(_ raw: RawSetting) -> Bool { read(raw) != nil }
}

extension AnySetting {
    /// The environment variable that overrides the file.
    var variable: String {
        "COATCHECK_"
            + String(key.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
    }
}
