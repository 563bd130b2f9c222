internal import Glibc
internal import Sessions

/// The file that the database lives in, before SQLite sees it.
struct DatabaseFile {
    /// The path as SQLite must be given it.
    let path: String

    /// Checks a path and makes an empty file there, readable by its owner only, when there is none.
    ///
    /// SQLite would make the file with the mode that the umask leaves, 0644 as a rule; it gives
    /// the `-wal` and `-shm` files the mode of the database. A file that exists keeps its mode.
    init(creatingAt path: String) throws(StorageError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw .unavailable(code: "io", detail: "the path of the database is not a path")
        }
        // With "./" before it a path never reads as `:memory:` or as a `file:` URI.
        self.path = path.hasPrefix("/") ? path : "./\(path)"
        // SQLite would take an empty file for a new database and remove the log, which holds what
        // was acknowledged last. No loss of power leaves this behind, only a file that was removed.
        guard Self.size(self.path) > 0 || Self.size("\(self.path)-wal") == 0 else {
            throw .unavailable(
                code: "corrupt",
                detail: "there is a write-ahead log, and the database that it belongs to is missing"
            )
        }
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

    /// The size of a file in bytes; 0 when there is none.
    private static func size(_ path: String) -> Int {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}
