internal import GRDB
internal import Glibc
internal import Sessions

/// The file that the database lives in, before SQLite sees it.
struct DatabaseFile {
    /// The path as SQLite must be given it.
    let path: String

    /// A path as SQLite must be given it: with "./" before it none reads as `:memory:` or as a
    /// `file:` URI.
    static func argument(_ path: String) -> String {
        path.hasPrefix("/") ? path : "./\(path)"
    }

    /// Checks a path and makes an empty file there, readable by its owner only, when there is none.
    ///
    /// SQLite would make the file with the mode that the umask leaves, 0644 as a rule; it gives
    /// the `-wal` and `-shm` files the mode of the database. A file that exists keeps its mode.
    init(creatingAt path: String) throws(StorageError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw .unavailable(code: "io", detail: "the path of the database is not a path")
        }
        self.path = Self.argument(path)
        try Self.refuseLogInDoubt(of: self.path)
        // mknod rather than open: a process that closes any descriptor of the file drops all its
        // locks on it, also those of another connection in this process
        // (https://www.sqlite.org/howtocorrupt.html section 2.2).
        guard unsafe mknod(self.path, S_IFREG | 0o600, 0) != 0 else { return }
        switch errno {
        case EEXIST:
            return
        case ENOENT, ENOTDIR:
            throw .unavailable(
                code: "io",
                detail: "the folder that should hold the database does not exist"
            )
        case EROFS, EACCES, EPERM:
            throw .unavailable(
                code: "read-only",
                detail: "the folder of the database cannot be written to"
            )
        case ENOSPC, EDQUOT:
            throw .unavailable(code: "full", detail: "no space for the database")
        case let number:
            throw .unavailable(code: "io", detail: "mknod failed with errno \(number)")
        }
    }

    /// Refuses a write-ahead log that SQLite would drop without a word, and with it what was
    /// acknowledged last.
    static func refuseLogInDoubt(of path: String) throws(StorageError) {
        let log = "\(path)-wal"
        // Twice, since another process may be writing to it: then it is another frame.
        guard let frame = WriteAheadLog.damagedFrame(at: log),
            frame == WriteAheadLog.damagedFrame(at: log)
        else {
            // SQLite takes an empty file for a new database and removes the log. No loss of power
            // leaves that behind, only a database that was removed. The log is looked at first:
            // whoever makes the database at this moment writes the beginning of that before it.
            guard size(log) == 0 || size(path) > 0 else {
                throw .unavailable(
                    code: "corrupt",
                    detail: "there is a write-ahead log, and its database is missing"
                )
            }
            return
        }
        throw .unavailable(
            code: "corrupt",
            detail: "the write-ahead log is damaged at frame \(frame)"
        )
    }

    /// The size of a file in bytes; 0 when there is none.
    private static func size(_ path: String) -> Int {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}

extension Database {
    /// Expects the file to be damaged or planted: its schema may not run functions, and a damaged
    /// page is noticed when it is read, not when it is used.
    func distrust() throws {
        try execute(sql: "PRAGMA trusted_schema = OFF")
        try execute(sql: "PRAGMA cell_size_check = ON")
    }
}
