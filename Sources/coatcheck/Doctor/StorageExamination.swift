/// Whether the database is there, sound, private, and in a folder that can be written to.
package struct StorageExamination: Examination {
    /// What opening the database led to.
    package enum Opening: Hashable, Sendable {
        /// It was read; SQLite names a fault in it, or none.
        case opened(fault: String?, isCurrent: Bool)
        /// The doctor may not look into the folder.
        case outOfReach
        /// It could not be read, with the word of the contract and the detail.
        case failed(code: String, detail: String)
    }

    /// Where the settings say it is.
    package let path: String
    /// The folder, if it is there.
    package let folder: FileFacts?
    /// The database, and beside it the write-ahead log and its index, as far as they are there.
    package let files: [FileFacts]
    /// Whether the owner of the database may make files in the folder.
    package let isFolderWritable: Bool
    /// The bytes that are free on the disk.
    package let freeBytes: UInt64?
    /// What opening it led to.
    package let opening: Opening?

    /// Creates an examination from what was seen.
    package init(
        path: String,
        folder: FileFacts?,
        files: [FileFacts],
        isFolderWritable: Bool,
        freeBytes: UInt64?,
        opening: Opening?
    ) {
        self.path = path
        self.folder = folder
        self.files = files
        self.isFolderWritable = isFolderWritable
        self.freeBytes = freeBytes
        self.opening = opening
    }

    /// Below this a checkpoint may fail: the write-ahead log grows to 64 MB (`openWriter`).
    private static let leastFree: UInt64 = 64 << 20
    /// Below this somebody should make room: eight times as much.
    private static let littleFree: UInt64 = 512 << 20

    /// What to say about it, in the order of looking.
    package var findings: [Finding] {
        guard let folder, folder.kind == .folder else {
            return [
                .problem(
                    "storage: the folder of \(path) is not there, or out of reach",
                    mend: "make the folder with mode 0700 for the user of Coatcheck, or correct "
                        + "storage.path; run the doctor as root or as that user"
                )
            ]
        }
        guard opening != .outOfReach else {
            return [
                .problem(
                    "storage: the doctor may not look into \(folder.path)",
                    mend: "run the doctor as root or as \(Identity.userName(folder.owner))"
                )
            ]
        }
        guard let database = files.first, database.path == path, database.kind == .file else {
            return [
                .problem(
                    "storage: there is no database at \(path)",
                    mend: "start Coatcheck, which makes it, or correct storage.path; an empty "
                        + "database has no accounts, so put a backup there if there were some"
                )
            ]
        }
        return [opened] + rights(of: database, in: folder) + [space]
    }

    private var opened: Finding {
        switch opening {
        case .opened(nil, isCurrent: true): return .ok("storage: \(path) is sound")
        case .opened(nil, isCurrent: false):
            return .warning(
                "storage: \(path) is sound; its tables are those of an older version",
                mend: "restart Coatcheck, which brings them up to date"
            )
        case .opened(let fault?, _):
            return .problem(
                "storage: \(path) is damaged: \(fault)",
                mend: "stop Coatcheck, keep a copy of the file, and restore a backup, or try "
                    + "`sqlite3 FILE .recover`"
            )
        case .failed(let code, let detail):
            let mend =
                switch code {
                case "locked": "find the process that holds a lock on it: `fuser \(path)`"
                case "corrupt": "it is damaged or no database: restore a backup"
                case "schema": "correct storage.path, or install the version that made it"
                case "full": "make room on the disk"
                default: "run the doctor as root or as the user of Coatcheck; then look at dmesg"
                }
            return .problem("storage: \(path) cannot be read: \(code) (\(detail))", mend: mend)
        case .outOfReach, nil: return .warning("storage: \(path) was not opened")
        }
    }

    private func rights(of database: FileFacts, in folder: FileFacts) -> [Finding] {
        var findings: [Finding] = []
        let owner = Identity.userName(database.owner)
        for file in files where file.mode & 0o007 != 0 {
            findings.append(
                .problem(
                    "storage: everybody on this machine may use \(file.path) (mode \(file.octal))",
                    mend: "chmod 600 \(file.path)"
                )
            )
        }
        for file in files where file.owner != database.owner {
            findings.append(
                .problem(
                    "storage: \(file.path) belongs to \(Identity.userName(file.owner)), the "
                        + "database to \(owner)",
                    mend: "chown \(owner) \(file.path)"
                )
            )
        }
        if database.owner == 0, folder.owner != 0 {
            let user = Identity.userName(folder.owner)
            findings.append(
                .problem(
                    "storage: \(path) belongs to root, its folder to \(user)",
                    mend: "chown \(user) \(path)*, and run commands as \(user)"
                )
            )
        }
        if !isFolderWritable {
            findings.append(
                .problem(
                    "storage: \(owner) cannot make files in \(folder.path) (mode \(folder.octal))",
                    mend: "chown \(owner) \(folder.path) && chmod 700 \(folder.path)"
                )
            )
        }
        guard findings.isEmpty else { return findings }
        return [.ok("storage: only \(owner) may use it (mode \(database.octal))")]
    }

    private var space: Finding {
        guard let freeBytes else { return .warning("storage: the free space is not known") }
        let text = "storage: \(freeBytes >> 20) MB are free on its disk"
        return freeBytes < Self.leastFree
            ? .problem(text, mend: "make room, or move the database")
            : freeBytes < Self.littleFree ? .warning(text, mend: "make room") : .ok(text)
    }
}
