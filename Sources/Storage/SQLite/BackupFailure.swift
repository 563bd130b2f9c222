package import Sessions

/// Why a backup was not made or not restored; nothing was changed.
package enum BackupFailure: Error, Hashable, Sendable {
    /// There is no database to copy.
    case noDatabase
    /// Something is at the path already.
    case exists(path: String)
    /// The path is that of the database itself, or of a file that SQLite keeps beside it.
    case isDatabase(path: String)
    /// What is at the path is no file.
    case noFile(path: String)
    /// Another backup or restore is writing this file now.
    case busy(path: String)
    /// Changes that the file lacks are still in this log beside it.
    case hasLog(path: String)
    /// It is not a backup of Coatcheck.
    case foreign
    /// It is not as it was when it was made; the text says what was noticed.
    case damaged(String)
    /// A call of the system failed with this error number.
    case system(path: String, errno: CInt)
    /// SQLite failed.
    case storage(StorageError)

    /// Says what an error means.
    init(_ error: any Error) {
        self = error as? BackupFailure ?? .storage(StorageError(error))
    }
}
