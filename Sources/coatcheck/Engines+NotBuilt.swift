#if !SharedEngines
internal import Sessions
internal import Storage

extension Engines {
    /// Says that this program cannot open shared engines.
    static func connectShared(_ settings: Settings, readers: Int) throws -> any StorageEngine {
        try naming(settings.storageName) { () throws(StorageError) in throw .notBuilt }
    }

    /// Says that this program cannot open shared engines.
    static func relocateSessions(_ settings: Settings) throws -> Int {
        try naming(settings.storageName) { () throws(StorageError) in throw .notBuilt }
    }

    /// Says of shared engines that the settings name that this program has none.
    static func look(at settings: Settings) -> [EngineExamination] {
        guard settings.isShared else { return [] }
        return [
            EngineExamination(setting: settings.storageName) {
                () throws(StorageError) in throw .notBuilt
            }
        ]
    }
}

extension StorageError {
    fileprivate static let notBuilt = StorageError.unavailable(
        code: "not-built",
        detail: "this program was built without the engines that several machines share; "
            + "`make ENGINES=shared build` builds one with them"
    )
}
#endif
