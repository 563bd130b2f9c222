import Foundation

/// Settings in files of their own, as systemd's LoadCredential passes them (systemd.exec(5)).
///
/// A file named like a key, such as `storage.path`, holds its value. Other files in the folder
/// belong to somebody else and are left alone.
enum Credentials {
    /// The most bytes of a value.
    private static let limit = 65_536

    /// Returns the value of a key, without a line end behind it; `nil` when there is no file for it.
    static func read(_ key: String, in folder: String) throws(SettingsError) -> String? {
        let path = folder + "/" + key
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path), data.count <= limit,
            var text = String(data: data, encoding: .utf8)
        else { throw .unreadable(file: path, reason: "not a readable text in UTF-8") }
        if text.hasSuffix("\n") { text.removeLast() }
        return text
    }
}
