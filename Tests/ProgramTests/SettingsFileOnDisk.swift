import Foundation
import Testing
import coatcheck

/// Writes a settings file for the time of a test.
func withFile<Value>(
    _ text: String,
    _ body: (String) throws -> Value
) throws -> Value {
    try withFile(bytes: Array(text.utf8), body)
}

/// Writes a settings file of any bytes for the time of a test.
func withFile<Value>(bytes: [UInt8], _ body: (String) throws -> Value) throws -> Value {
    let url = FileManager.default.temporaryDirectory
        .appendingPathComponent("coatcheck-\(UUID().uuidString).yaml")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
}

/// Reads settings from the text of a file and an environment.
func settings(_ text: String, environment: [String: String] = [:]) throws -> Settings {
    try withFile(text) { try Settings(file: $0, environment: environment) }
}

/// Expects that a settings file is refused, and returns why with the place written as `FILE`.
func refusal(
    of text: String,
    environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> String? {
    try withFile(text) { path in
        let error = #expect(throws: SettingsError.self, sourceLocation: sourceLocation) {
            try Settings(file: path, environment: environment)
        }
        return error?.description.replacingOccurrences(of: path, with: "FILE")
    }
}

/// Reads a file of the repository by its path from the root.
func repositoryFile(_ path: String) throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
}
