internal import Sessions
internal import Storage

#if SharedEngines
    internal import SharedStorage
#endif

/// Where accounts and sessions are kept: the one place that knows which engines there are.
///
/// The engines that several machines share are built in by the trait `SharedEngines`.
enum Engines {
    /// Opens what the settings name, for so many callers at once.
    ///
    /// - Throws: `Failure` in words for the operator, without passwords; also when everything is
    ///   being moved there.
    static func open(_ settings: Settings, readers: Int) throws -> any StorageEngine {
        let storage = try connect(settings, readers: readers)
        do {
            guard try wait(for: { try await storage.unfinishedMove() }) == nil else {
                throw Failure(
                    "cannot use \(settings.storageName): a move to it is not finished; call "
                        + "`coatcheck migrate` again"
                )
            }
            return storage
        } catch let error as StorageError {
            throw Failure("cannot use \(settings.storageName): \(error.reason)")
        }
    }

    /// Opens what the settings name, also when everything is being moved there.
    static func connect(_ settings: Settings, readers: Int) throws -> any StorageEngine {
        do throws(StorageError) {
            guard settings.isShared else {
                return try SQLiteStorage(path: settings[.storagePath], readers: readers)
            }
            return try openShared(settings, readers: readers)
        } catch {
            throw Failure("cannot use \(settings.storageName): \(error.reason)")
        }
    }

    private static func openShared(
        _ settings: Settings,
        readers: Int
    ) throws(StorageError) -> any StorageEngine {
        #if SharedEngines
            let connections = min(readers, settings[.storageConnections])
            let isDivided = !settings[.sessionsURL].isEmpty
            let accounts = try PostgreSQLStorage(
                url: settings[.storageURL],
                connections: connections,
                sessionsElsewhere: isDivided
            )
            guard isDivided else { return accounts }
            let sessions = try RedisSessions(
                url: try RedisURL(settings[.sessionsURL]),
                prefix: settings[.sessionsPrefix] + ":",
                connections: connections
            )
            return DividedStorage(accounts: accounts, sessions: sessions)
        #else
            throw .notBuilt
        #endif
    }
}

extension Engines {
    /// Looks at the shared engines that the settings name, without changing anything.
    static func look(at settings: Settings) -> [EngineExamination] {
        guard settings.isShared else { return [] }
        #if SharedEngines
            let accounts = EngineExamination(setting: Setting.storageURL.key) {
                () throws(StorageError) in
                let health = try PostgreSQLStorage.health(url: settings[.storageURL])
                return ("PostgreSQL \(health.serverVersion)", health.warnings)
            }
            guard !settings[.sessionsURL].isEmpty else { return [accounts] }
            let sessions = EngineExamination(setting: Setting.sessionsURL.key) {
                () throws(StorageError) in
                let health = try RedisSessions.health(
                    url: try RedisURL(settings[.sessionsURL]),
                    prefix: settings[.sessionsPrefix] + ":"
                )
                return (health.server, health.warnings)
            }
            return [accounts, sessions]
        #else
            return [
                EngineExamination(setting: Setting.storageURL.key) {
                    () throws(StorageError) in throw .notBuilt
                }
            ]
        #endif
    }
}

extension StorageError {
    fileprivate static let notBuilt = StorageError.unavailable(
        code: "not-built",
        detail: "this program was built without the engines that several machines share; "
            + "`make ENGINES=shared build` builds one with them"
    )
}

extension Settings {
    /// Whether accounts and sessions are kept in engines that several machines share.
    var isShared: Bool { !self[.storageURL].isEmpty }

    /// What holds the accounts, without a password: the path of the database, or the key of the
    /// setting.
    var storageName: String { isShared ? "storage.url" : self[.storagePath] }
}
