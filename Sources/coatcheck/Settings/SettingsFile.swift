import Foundation
internal import Yams

/// Reads a settings file: YAML with keys that are nested or joined by dots, as one likes.
enum SettingsFile {
    /// The most bytes of a settings file; the example has 4 KiB.
    private static let limit = 1 << 20

    /// Returns the keys and values of a file in their order.
    static func read(_ path: String) throws(SettingsError) -> [(key: String, value: RawSetting)] {
        let node: Node?
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            guard data.count <= limit, let text = String(data: data, encoding: .utf8) else {
                throw SettingsError.unreadable(file: path, reason: "not a YAML file in UTF-8")
            }
            node = try Yams.compose(yaml: text)
        } catch let error as SettingsError {
            throw error
        } catch let error as YamlError {
            throw .unreadable(file: path, reason: "\(error)")
        } catch {
            throw .unreadable(file: path, reason: "the file cannot be read")
        }
        guard let node else { return [] }
        if node.scalar?.string.isEmpty == true { return [] }
        var values: [(key: String, value: RawSetting)] = []
        try collect(node, under: "", of: path, into: &values)
        return values
    }

    private static func collect(
        _ node: Node,
        under key: String,
        of path: String,
        into values: inout [(key: String, value: RawSetting)]
    ) throws(SettingsError) {
        switch node {
        case .mapping(let mapping):
            for (name, value) in mapping {
                guard let name = name.string else {
                    throw .unreadable(file: path, reason: "a key below \(key) is not a text")
                }
                try collect(
                    value,
                    under: key.isEmpty ? name : "\(key).\(name)",
                    of: path,
                    into: &values
                )
            }
        case .scalar(let scalar) where !key.isEmpty:
            values.append((key, .scalar(scalar.string)))
        case .sequence(let sequence) where !key.isEmpty:
            let texts = sequence.compactMap { $0.scalar?.string }
            guard texts.count == sequence.count else {
                throw .unreadable(file: path, reason: "\(key) is not a list of texts")
            }
            values.append((key, .list(texts)))
        case .scalar, .sequence, .alias:
            throw .unreadable(file: path, reason: "keys and values are expected")
        }
    }
}
