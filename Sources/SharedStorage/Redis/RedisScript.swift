internal import COpenSSL
internal import Sessions

/// What is done in Redis at once: a script in Lua, with what all of them have in common before it.
enum RedisScript: CaseIterable, Sendable {
    case account, add, find, forget, holds, insert, list, owner, page, remove, removeAll, removeID
    case removeUser, replace, sweep, touch

    private var resource: [UInt8] {
        switch self {
        case .account: PackageResources.account_lua
        case .add: PackageResources.add_lua
        case .find: PackageResources.find_lua
        case .forget: PackageResources.forget_lua
        case .holds: PackageResources.holds_lua
        case .insert: PackageResources.insert_lua
        case .list: PackageResources.list_lua
        case .owner: PackageResources.owner_lua
        case .page: PackageResources.page_lua
        case .remove: PackageResources.remove_lua
        case .removeAll: PackageResources.remove_all_lua
        case .removeID: PackageResources.remove_id_lua
        case .removeUser: PackageResources.remove_user_lua
        case .replace: PackageResources.replace_lua
        case .sweep: PackageResources.sweep_lua
        case .touch: PackageResources.touch_lua
        }
    }

    /// The text of each, and the SHA-1 of it in hexadecimal digits, by which the server knows it.
    private static let texts = Dictionary(
        uniqueKeysWithValues: allCases.map { script in
            let text = PackageResources.common_lua + script.resource
            return (script, (text: text, digest: sha1(of: text)))
        }
    )

    /// The command that runs it, which a server that has not seen it refuses with NOSCRIPT.
    fileprivate func command(_ arguments: [[UInt8]]) -> RedisCommand {
        command("EVALSHA", Self.texts[self]?.digest ?? [], arguments)
    }

    /// The command that runs it on any server, and makes it known there.
    fileprivate func introduction(_ arguments: [[UInt8]]) -> RedisCommand {
        command("EVAL", Self.texts[self]?.text ?? [], arguments)
    }

    /// Scripts make the names of keys themselves, from the prefix: none is handed over as one.
    private func command(
        _ verb: String,
        _ script: [UInt8],
        _ arguments: [[UInt8]]
    ) -> RedisCommand {
        RedisCommand([Array(verb.utf8), script, Array("0".utf8)] + arguments)
    }

    private static func sha1(of text: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        _ = unsafe SHA1(text, text.count, &digest)
        let digits = Array("0123456789abcdef".utf8)
        return digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}

extension RedisConnection {
    /// Runs a script.
    func run(
        _ script: RedisScript,
        _ arguments: [[UInt8]]
    ) throws(StorageError) -> RedisReply {
        let reply = try calls([script.command(arguments)])[0]
        guard case .error(let message) = reply else { return reply }
        guard RedisReply.kind(ofError: message) == "NOSCRIPT" else {
            throw StorageError(redis: message)
        }
        return try call(script.introduction(arguments))
    }
}
