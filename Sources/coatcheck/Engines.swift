internal import Sessions
internal import Storage

/// Where accounts and sessions are kept: in a file of this machine, or in engines that several
/// machines share.
///
/// Those are built in by the trait `SharedEngines` (`Engines+Shared.swift`); without it
/// `Engines+NotBuilt.swift` says so.
enum Engines {
    /// Opens what the settings name, for so many callers at once.
    ///
    /// - Throws: `Failure` in words for the operator, without passwords; also when everything is
    ///   being moved there.
    static func open(
        _ settings: Settings,
        readers: Int
    ) async throws -> any StorageEngine {
        let storage = try connect(settings, readers: readers)
        try await refuseUnfinishedMove(to: storage, settings)
        return storage
    }

    /// Refuses storage that everything is being moved to.
    static func refuseUnfinishedMove(
        to storage: any StorageEngine,
        _ settings: Settings
    ) async throws {
        let source: String?
        do throws(StorageError) {
            source = try await storage.unfinishedMove()
        } catch {
            throw Failure(opening: settings.storageName, error)
        }
        guard source == nil else {
            throw Failure(
                "cannot use \(settings.storageName): a move to it is not finished; call "
                    + "`coatcheck migrate` again"
            )
        }
    }

    /// Opens what the settings name, also when everything is being moved there.
    static func connect(_ settings: Settings, readers: Int) throws -> any StorageEngine {
        guard !settings.isShared else { return try connectShared(settings, readers: readers) }
        return try naming(settings.storageName) { () throws(StorageError) in
            try SQLiteStorage(path: settings[.storagePath], readers: readers)
        }
    }

    /// Opens something; where that fails, the words for the operator begin with its name.
    static func naming<Value>(
        _ name: String,
        _ open: () throws(StorageError) -> Value
    ) throws -> Value {
        do throws(StorageError) {
            return try open()
        } catch {
            throw Failure(opening: name, error)
        }
    }
}

extension Failure {
    /// Says that storage cannot be used, and why.
    init(opening name: String, _ error: StorageError) {
        self.init("cannot use \(name): \(error.reason)")
    }
}

extension Settings {
    /// Whether accounts and sessions are kept in engines that several machines share.
    var isShared: Bool { !self[.storageURL].isEmpty }

    /// What holds the accounts, without a password: the path of the database, or the key of the
    /// setting.
    var storageName: String { isShared ? Setting.storageURL.key : self[.storagePath] }
}
