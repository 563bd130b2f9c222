package import Sessions

/// What a look at a Redis or Valkey server has found.
package struct RedisHealth: Hashable, Sendable {
    /// What the server is called, with its version: `Redis 7.0.15`.
    package let server: String
    /// Whether others on the way cannot read what is said.
    package let isPrivate: Bool
    /// What the server does when its memory is full, such as `noeviction`.
    package let evictionPolicy: String
    /// How many bytes of memory it may use; 0 when there is no limit.
    package let memoryLimit: Int64
    /// How many bytes of memory it uses.
    package let memoryInUse: Int64
    /// Whether it writes every change to a file.
    package let isPersistent: Bool
    /// When it waits for the disk, `always`, `everysec` or `no`; `nil` when it does not tell.
    package let fileSync: String?

    /// What may lose sessions, or let them live on; a sentence for each thing.
    package var warnings: [String] {
        var warnings: [String] = []
        if !isPrivate {
            warnings.append(
                "The connection is not encrypted, and the server is on another machine."
            )
        }
        if evictionPolicy != "noeviction" {
            warnings.append(
                "maxmemory-policy is \(evictionPolicy): a server that is full signs people out. "
                    + "Set noeviction."
            )
        }
        if memoryLimit > 0, memoryInUse > memoryLimit / 5 * 4 {
            warnings.append(
                "More than four fifths of maxmemory are in use: nobody can log in when it is full."
            )
        }
        if !isPersistent {
            warnings.append(
                "appendonly is no: a restart signs everybody out, or brings back sessions that have "
                    + "ended since the last snapshot. Set yes."
            )
        } else if let fileSync, fileSync != "always" {
            warnings.append(
                "appendfsync is \(fileSync): after a loss of power, sessions that ended in the last "
                    + "second or more may live again, and new ones be gone. Set always to rule that "
                    + "out."
            )
        }
        return warnings
    }
}

extension RedisSessions {
    /// Looks at a server; nothing is left of the key that is tried out.
    ///
    /// - Throws: `unavailable` as when it is used.
    package static func health(
        url: RedisURL,
        prefix: String
    ) throws(StorageError) -> RedisHealth {
        let door = try RedisDoor(url)
        try tryOut(door, RedisKeys(prefix: Array(prefix.utf8)))
        let connection = try RedisConnection(through: door)
        defer { connection.close() }
        let memory = RedisServer.facts(try connection.call(RedisCommand("INFO", "memory")).text)
        let file = RedisServer.facts(try connection.call(RedisCommand("INFO", "persistence")).text)
        return RedisHealth(
            server: connection.server.name,
            isPrivate: url.isPrivate,
            evictionPolicy: memory["maxmemory_policy"] ?? "not told",
            memoryLimit: memory["maxmemory"].flatMap { Int64($0) } ?? 0,
            memoryInUse: memory["used_memory"].flatMap { Int64($0) } ?? 0,
            isPersistent: file["aof_enabled"] == "1",
            fileSync: connection.fileSync
        )
    }
}

extension RedisConnection {
    /// When the server waits for the disk; `nil` when we may not ask.
    fileprivate var fileSync: String? {
        let command = RedisCommand("CONFIG", "GET", "appendfsync")
        guard let parts = try? call(command).list, parts.count == 2 else { return nil }
        return try? parts[1].text
    }
}
