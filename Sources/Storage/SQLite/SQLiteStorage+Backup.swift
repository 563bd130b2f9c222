internal import GRDB
internal import Glibc
internal import Sessions

extension SQLiteStorage {
    /// Copies the database at `path` into a file, also while others write to it.
    ///
    /// `VACUUM INTO` reads in one transaction, so the copy is the database at one moment, with all
    /// that was acknowledged before. In WAL mode nobody who writes waits for it, and it does not
    /// begin anew when they do, as the steps of the online backup do; for as long as it runs the
    /// log grows by what is written. It also leaves out the free pages, with what is left in them
    /// of rows that were deleted.
    ///
    /// The copy is read back from the disk and checked, sealed (`BackupSeal`) and put in place.
    /// A file that is there is replaced only when that is asked for, and only by a copy that was
    /// found to be whole: a damaged database takes no good backup away. No table is brought up to
    /// date.
    package static func backUp(
        _ path: String,
        to target: String,
        replacing: Bool
    ) throws(BackupFailure) -> BackupContents {
        guard FileIdentity(path: path) != nil else { throw .noDatabase }
        try refuse(target, replacing: replacing, asBackupOf: path)
        do {
            // Whoever closes the database last would remove a log that is damaged.
            try DatabaseFile.refuseLogInDoubt(of: path)
            return try PartialFile.make(at: target, replacing: replacing) { file in
                try copy(path, into: file)
                try file.sync()
                // What is read now comes from the disk.
                posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_DONTNEED)
                let contents = try contents(of: file)
                try seal(file)
                return contents
            }
        } catch {
            throw BackupFailure(error)
        }
    }

    /// Says no to a place at which a copy would do harm.
    private static func refuse(
        _ target: String,
        replacing: Bool,
        asBackupOf path: String
    ) throws(BackupFailure) {
        var file = stat()
        if unsafe lstat(target, &file) == 0 {
            guard file.st_mode & S_IFMT == S_IFREG else { throw .noFile(path: target) }
            guard FileIdentity(file) != FileIdentity(path: path) else {
                throw .isDatabase(path: target)
            }
            guard replacing else { throw .exists(path: target) }
        }
        let folder = FileIdentity(path: PartialFile.folder(of: path))
        guard FileIdentity(path: PartialFile.folder(of: target)) == folder else { return }
        let names = [fileName(of: target), fileName(of: target) + PartialFile.suffix]
        for suffix in filesOfSQLite where names.contains(fileName(of: path) + suffix) {
            throw .isDatabase(path: target)
        }
    }

    /// What SQLite appends to the name of a database for the files that belong to it.
    static let filesOfSQLite = ["", "-wal", "-shm", "-journal"]

    private static func fileName(of path: String) -> Substring {
        path.suffix(from: path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)
    }

    /// Writes a copy of a database into an empty file.
    private static func copy(_ path: String, into file: PartialFile) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(2)
        configuration.prepareDatabase { db in
            try db.distrust()
            try Schema.refuseForeign(db)
        }
        // Not read-only: whoever closes a database last removes the log, which a reader cannot.
        let source = try DatabaseQueue(
            path: DatabaseFile.argument(path),
            configuration: configuration
        )
        try source.writeWithoutTransaction { db in
            try db.execute(sql: "VACUUM INTO ?", arguments: [DatabaseFile.argument(file.path)])
        }
        try source.close()
    }

    /// Reads a copy back.
    private static func contents(of file: PartialFile) throws -> BackupContents {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.prepareDatabase { db in
            try db.distrust()
        }
        let copy = try DatabaseQueue(
            path: DatabaseFile.argument(file.path),
            configuration: configuration
        )
        let contents = try copy.unsafeRead { try BackupContents(checking: $0) }
        try copy.close()
        return contents
    }

    /// Appends the seal to a file that has been written.
    private static func seal(_ file: PartialFile) throws {
        var seal = BackupSeal()
        try FileChunks(descriptor: file.descriptor, path: file.path).forEach { seal.add($0) }
        try file.append(seal.line()[...])
    }
}
