import Foundation
internal import Yams

/// Reads a settings file: YAML with keys that are nested or joined by dots, as one likes.
///
/// What stands below a key that is a setting of its own, such as `policies`, is its value.
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
        case .mapping where SettingTable.isMapping(key):
            values.append((key, try raw(node, of: key, in: path, depth: 0)))
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

    /// Reads the text of one setting, as the environment or a credential gives it.
    static func value(
        _ text: String,
        of key: String,
        in place: String
    ) throws(SettingsError) -> RawSetting {
        do {
            guard let node = try Yams.compose(yaml: text) else { return .mapping([:]) }
            return try raw(node, of: key, in: place, depth: 0)
        } catch let error as SettingsError {
            throw error
        } catch {
            throw .unreadable(file: place, reason: "\(key): \(error)")
        }
    }

    private static func raw(
        _ node: Node,
        of key: String,
        in path: String,
        depth: Int
    ) throws(SettingsError) -> RawSetting {
        switch node {
        case .scalar(let scalar): return .scalar(scalar.string)
        case .sequence(let sequence):
            let texts = sequence.compactMap { $0.scalar?.string }
            guard texts.count == sequence.count else {
                throw .unreadable(file: path, reason: "\(key) holds a list that is not of texts")
            }
            return .list(texts)
        case .mapping(let mapping) where depth < 4:
            var members: [String: RawSetting] = [:]
            for (name, value) in mapping {
                guard let name = name.string, members[name] == nil else {
                    throw .unreadable(file: path, reason: "a key below \(key) is no text or twice")
                }
                members[name] = try raw(value, of: key, in: path, depth: depth + 1)
            }
            return .mapping(members)
        case .mapping, .alias:
            throw .unreadable(file: path, reason: "\(key) is nested too deeply")
        }
    }
}
