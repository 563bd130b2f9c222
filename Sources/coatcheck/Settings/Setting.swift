/// One setting: its key, what it may hold, its default, and what it is for.
///
/// The parser, `config dump`, `config example` and the README's table are made from these; there
/// is no second list.
package struct Setting<Value: Sendable>: Sendable {
    /// The key in the file; `COATCHECK_` and the key in upper case with "_" in the environment.
    package let key: String
    /// The default, as it would be written.
    package let standard: RawSetting
    /// What is allowed, in words that follow "must be".
    package let allowed: String
    /// What it is for.
    package let text: String
    /// Whether its value is never shown.
    package let isSecret: Bool
    /// Whether SIGHUP changes it; others need a restart.
    package var isReloadable = true
    /// Reads a value; `nil` when it is not allowed.
    package let read: @Sendable (RawSetting) -> Value?
}

/// A value as it was written.
package enum RawSetting: Hashable, Sendable {
    case scalar(String)
    case list([String])
    case mapping([String: RawSetting])
}

/// A setting of any type.
package protocol AnySetting: Sendable {
    /// The key in the file.
    var key: String { get }
    /// The default, as it would be written.
    var standard: RawSetting { get }
    /// What is allowed, in words that follow "must be".
    var allowed: String { get }
    /// What it is for.
    var text: String { get }
    /// Whether its value is never shown.
    var isSecret: Bool { get }
    /// Whether SIGHUP changes it; others need a restart.
    var isReloadable: Bool { get }
    /// Says whether a value is allowed.
    func accepts(_ raw: RawSetting) -> Bool
}

extension Setting {
    /// The setting as one that is read at start only.
    func fixed() -> Setting {
        var setting = self
        setting.isReloadable = false
        return setting
    }
}

extension Setting: AnySetting {
    package func accepts(_ raw: RawSetting) -> Bool { read(raw) != nil }
}

extension AnySetting {
    /// The environment variable that overrides the file.
    package var variable: String {
        "COATCHECK_"
            + String(key.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
    }
}
