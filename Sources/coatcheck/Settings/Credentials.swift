import Foundation
import Glibc

/// Settings in files of their own, as systemd's LoadCredential passes them (systemd.exec(5)).
///
/// A file named like a key, such as `storage.path`, holds its value. Other files in the folder
/// belong to somebody else and are left alone.
enum Credentials {
    /// The most bytes of a value.
    private static let limit = 65_536

    /// Returns the value of a key, without a line end behind it; `nil` when there is no file for
    /// it.
    ///
    /// A file that may be there and cannot be looked at is an error: its value would silently not
    /// hold. So is what is no file, such as a pipe, which could keep the reader waiting for ever.
    static func read(_ key: String, in folder: String) throws(SettingsError) -> String? {
        let path = folder + "/" + key
        var information = stat()
        guard unsafe lstat(path, &information) == 0 else {
            if errno == ENOENT { return nil }
            throw .unreadable(file: path, reason: "the file cannot be read")
        }
        guard unsafe stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG,
            information.st_size <= limit,
            let data = FileManager.default.contents(atPath: path), data.count <= limit,
            var text = String(data: data, encoding: .utf8)
        else { throw .unreadable(file: path, reason: "not a readable text in UTF-8") }
        if let end = text.last, end == "\n" || end == "\r\n" { text.removeLast() }
        return text
    }
}
