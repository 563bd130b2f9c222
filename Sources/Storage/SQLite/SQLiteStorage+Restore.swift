internal import GRDB
internal import Glibc
package import Sessions
package import Telemetry

/// A backup that was opened to be restored.
package struct OpenedBackup: Sendable {
    let path: String
    let descriptor: CInt
    let identity: FileIdentity

    /// Opens the backup at `path`; it stays open until the process ends.
    ///
    /// Called before root's rights are given up, it may lie where the service cannot read.
    package init(path: String) throws(BackupFailure) {
        // O_NONBLOCK: opening a pipe would wait for somebody to write.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        self.path = path
        var file = stat()
        guard descriptor >= 0, unsafe fstat(descriptor, &file) == 0 else {
            throw .system(path: path, errno: errno)
        }
        guard file.st_mode & S_IFMT == S_IFREG else { throw .noFile(path: path) }
        identity = FileIdentity(file)
        for suffix in ["-wal", "-journal"] {
            guard unsafe stat(path + suffix, &file) == 0, file.st_size > 0 else { continue }
            throw .hasLog(path: path + suffix)
        }
    }

    /// Copies what is before the seal, and compares the rest with it where there is one.
    ///
    /// A copy of a database that Coatcheck was not running on has none, and is taken too.
    func copy(into file: PartialFile) throws {
        let source = FileChunks(descriptor: descriptor, path: path)
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let start = max(0, size - BackupSeal.byteCount)
        lseek(descriptor, off_t(start), SEEK_SET)
        var end: [UInt8] = []
        try source.forEach { end += $0 }
        let isSealed = BackupSeal.isLine(end)
        lseek(descriptor, 0, SEEK_SET)
        var seal = BackupSeal()
        try source.forEach(upTo: isSealed ? start : .max) { bytes in
            seal.add(bytes)
            try file.append(bytes)
        }
        guard !isSealed || seal.line() == end else {
            throw BackupFailure.damaged("it differs from its seal")
        }
    }
}

extension SQLiteStorage {
    /// What was restored.
    package struct Restoration: Hashable, Sendable {
        /// What is in the database now.
        package let contents: BackupContents
        /// How many sessions were ended.
        package let endedSessions: Int
    }

    /// Puts a backup at `path`, where no database is, with the tables of this version.
    ///
    /// A backup does not know what has ended since it was made. So every session in it ends, and
    /// every link to set a password, unless `keepingSessions` is given: for a move, when the server
    /// was stopped before the backup was made. `note` says what to add to the audit trail.
    ///
    /// - Throws: `exists` when a database or one of SQLite's files beside it is there.
    package static func restore(
        _ backup: OpenedBackup,
        to path: String,
        keepingSessions: Bool,
        at now: Timestamp,
        note: (_ endedSessions: Int) -> [AuditRecord]
    ) throws(BackupFailure) -> Restoration {
        // What is left of an earlier run is removed; it may be what is to be restored.
        let partial = path + PartialFile.suffix
        guard FileIdentity(path: partial) != backup.identity else { throw .exists(path: partial) }
        do {
            return try PartialFile.make(at: path, replacing: false) { file in
                // Looked at after the lock on the partial file was taken.
                for suffix in filesOfSQLite where FileIdentity(path: path + suffix) != nil {
                    throw BackupFailure.exists(path: path + suffix)
                }
                try backup.copy(into: file)
                return try adopt(file, keepingSessions: keepingSessions, at: now, note: note)
            }
        } catch {
            throw BackupFailure(error)
        }
    }

    /// Checks a copy, brings its tables up to date and ends what must not come back.
    private static func adopt(
        _ file: PartialFile,
        keepingSessions: Bool,
        at now: Timestamp,
        note: (Int) -> [AuditRecord]
    ) throws -> Restoration {
        var configuration = Configuration()
        configuration.prepareDatabase { db in
            // Nobody else has this file, and after a crash it is thrown away: no files beside it,
            // and one wait for the disk, at the end.
            try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
            try db.distrust()
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            try db.execute(sql: "PRAGMA journal_mode = MEMORY")
            try db.execute(sql: "PRAGMA synchronous = OFF")
            try db.execute(sql: "PRAGMA secure_delete = FAST")
        }
        let copy = try DatabaseQueue(
            path: DatabaseFile.argument(file.path),
            configuration: configuration
        )
        _ = try copy.writeWithoutTransaction { try BackupContents(checking: $0) }
        try Schema.migrator.migrate(copy)
        let ended = try copy.write { db in
            try refuseOtherTables(db)
            let connection = SQLiteDatabase(db: db)
            let ended = keepingSessions ? 0 : try connection.endEverything(at: now)
            try connection.add(note(ended))
            return ended
        }
        let contents = try copy.writeWithoutTransaction { try BackupContents(checking: $0) }
        try copy.close()
        return Restoration(contents: contents, endedSessions: ended)
    }

    /// Refuses a file that lacks tables of ours, or has things in it that we did not make.
    private static func refuseOtherTables(_ db: Database) throws {
        let sql = """
            SELECT type || ' ' || name || ' ' || tbl_name FROM sqlite_schema
            WHERE name NOT GLOB 'sqlite_*'
            """
        let fresh = try DatabaseQueue()
        try Schema.migrator.migrate(fresh)
        let ours = try fresh.read { try Set(String.fetchAll($0, sql: sql)) }
        guard try Set(String.fetchAll(db, sql: sql)) == ours else {
            throw BackupFailure.damaged("it has other tables than this version makes")
        }
    }
}
