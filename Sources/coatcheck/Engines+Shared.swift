#if SharedEngines
internal import Sessions
internal import SharedStorage
internal import Storage

extension Engines {
    /// Opens PostgreSQL, and Redis where the sessions are there.
    static func connectShared(_ settings: Settings, readers: Int) throws -> any StorageEngine {
        let connections = min(readers, settings[.storageConnections])
        let isDivided = !settings[.sessionsURL].isEmpty
        let accounts = try naming(Setting.storageURL.key) { () throws(StorageError) in
            try PostgreSQLStorage(
                url: settings[.storageURL],
                connections: connections,
                sessions: settings.sessionsPlace
            )
        }
        guard isDivided else { return accounts }
        let sessions = try naming(Setting.sessionsURL.key) { () throws(StorageError) in
            try RedisSessions(
                url: try RedisURL(settings[.sessionsURL]),
                prefix: settings.redisPrefix + accounts.generation + ":",
                connections: connections
            )
        }
        return DividedStorage(accounts: accounts, sessions: sessions)
    }

    /// Looks at the shared engines that the settings name, without changing anything.
    static func look(at settings: Settings) -> [EngineExamination] {
        guard settings.isShared else { return [] }
        let accounts = EngineExamination(setting: Setting.storageURL.key) {
            () throws(StorageError) in
            let health = try PostgreSQLStorage.health(
                url: settings[.storageURL],
                sessions: settings.sessionsPlace
            )
            return ("PostgreSQL \(health.serverVersion)", health.warnings)
        }
        guard !settings[.sessionsURL].isEmpty else { return [accounts] }
        let sessions = EngineExamination(setting: Setting.sessionsURL.key) {
            () throws(StorageError) in
            let url = try RedisURL(settings[.sessionsURL])
            let health = try RedisSessions.health(url: url, prefix: settings.redisPrefix)
            return (health.server, health.warnings)
        }
        return [accounts, sessions]
    }

    /// Ends every session and lets them be where the settings say from now on; returns how many
    /// ended in PostgreSQL.
    static func relocateSessions(_ settings: Settings) throws -> Int {
        try naming(Setting.storageURL.key) { () throws(StorageError) in
            try PostgreSQLStorage.relocateSessions(
                of: settings[.storageURL],
                to: settings.sessionsPlace
            )
        }
    }
}

extension Settings {
    /// Where the sessions are to be.
    fileprivate var sessionsPlace: SessionsPlace {
        self[.sessionsURL].isEmpty ? .here : .redis(prefix: self[.sessionsPrefix])
    }

    /// What the names of our keys begin with.
    fileprivate var redisPrefix: String { self[.sessionsPrefix] + ":" }
}
#endif
