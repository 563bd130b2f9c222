internal import Sessions

/// A server that sessions can be kept in.
struct RedisServer: Hashable, Sendable {
    /// What the server is called: `Redis 7.0.15`, `Valkey 8.0.1`.
    let name: String
    /// Which process it is; another one after each start.
    let runID: String

    /// Judges what a server says of itself (INFO, ROLE).
    ///
    /// - Throws: `unavailable` when it is too old, a replica, or part of a cluster.
    init(info: RedisReply, role: RedisReply) throws(StorageError) {
        for case .error(let message) in [info, role] { throw StorageError(redis: message) }
        let facts = Self.facts(try info.text)
        guard let version = facts["redis_version"], let runID = facts["run_id"] else {
            throw .oddRedis
        }
        name = facts["valkey_version"].map { "Valkey \($0)" } ?? "Redis \(version)"
        self.runID = runID
        // 6.2 brought ZADD GT; CLIENT TRACKING came with 6.0.
        let numbers = version.split(separator: ".").prefix(2).map { Int($0) ?? 0 }
        guard numbers.count == 2, (numbers[0], numbers[1]) >= (6, 2) else {
            throw .unavailable(code: "settings", detail: "\(name) is older than Redis 6.2")
        }
        guard facts["redis_mode"] != "cluster" else {
            throw .unavailable(
                code: "settings",
                detail: "Redis runs as a cluster, which is not supported; Sentinel is"
            )
        }
        guard try role.list.first?.text == "master" else {
            throw .unavailable(code: "read-only", detail: "this Redis server is a replica")
        }
    }

    /// The lines of INFO.
    static func facts(_ text: String) -> [String: String] {
        var facts: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let (name, value) = line.split(atFirst: ":") else { continue }
            facts[String(name)] = String(value)
        }
        return facts
    }
}
