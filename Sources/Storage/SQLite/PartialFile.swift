internal import Glibc

/// A file that takes its place only when it is whole.
///
/// Until then it is `NAME.partial` beside that place, readable by its owner only from the first
/// byte. It is synced before it gets the name, and the folder afterwards, so that after a crash the
/// name is that of the whole file or is not there.
///
/// Whoever writes it holds a lock on it. One without a lock was left behind by a run that was
/// killed, and the next run for the same place removes it.
struct PartialFile {
    /// Where it is.
    let path: String
    /// The open file.
    ///
    /// It stays open while SQLite has the file open too: closing it would drop SQLite's locks
    /// (`DatabaseFile`).
    let descriptor: CInt

    /// What is added to the name of the place until the file is whole.
    static let suffix = ".partial"

    /// Fills a file and puts it at `place`, or leaves everything as it was.
    ///
    /// - Throws: `exists` when something is at the place, unless it is to be replaced.
    static func make<Value>(
        at place: String,
        replacing: Bool,
        _ fill: (PartialFile) throws -> Value
    ) throws -> Value {
        let file = try create(beside: place)
        defer { close(file.descriptor) }
        do {
            let value = try fill(file)
            try file.sync()
            try file.take(place, replacing: replacing)
            return value
        } catch {
            file.remove()
            throw error
        }
    }

    /// Writes what was written so far to the disk.
    func sync() throws(BackupFailure) {
        guard fsync(descriptor) == 0 else { throw .system(path: path, errno: errno) }
    }

    /// Appends bytes.
    func append(_ bytes: ArraySlice<UInt8>) throws(BackupFailure) {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe write(descriptor, bytes.baseAddress, bytes.count)
            }
            guard count > 0 || errno == EINTR else { throw .system(path: path, errno: errno) }
            rest = rest.dropFirst(max(0, count))
        }
    }

    private static func create(beside place: String) throws(BackupFailure) -> PartialFile {
        let path = place + suffix
        // Twice at most: what was left behind is removed the first time.
        for _ in 0..<2 {
            let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw .system(path: path, errno: errno) }
            let file = PartialFile(path: path, descriptor: descriptor)
            do throws(BackupFailure) {
                if try file.isFresh() { return file }
                file.remove()
                close(descriptor)
            } catch {
                close(descriptor)
                throw error
            }
        }
        throw .busy(path: path)
    }

    /// Locks the file and tells whether it is one that nobody has written to.
    private func isFresh() throws(BackupFailure) -> Bool {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .busy(path: path) }
        var file = stat()
        guard unsafe fstat(descriptor, &file) == 0 else { throw .system(path: path, errno: errno) }
        guard file.st_mode & S_IFMT == S_IFREG else { throw .noFile(path: path) }
        // Whoever had the lock before may have given the file its place, and its name away.
        guard FileIdentity(file) == FileIdentity(path: path) else { throw .busy(path: path) }
        return file.st_size == 0 && file.st_nlink == 1 && file.st_mode & 0o777 == 0o600
            && file.st_uid == geteuid()
    }

    private func take(_ place: String, replacing: Bool) throws(BackupFailure) {
        if replacing {
            guard unsafe rename(path, place) == 0 else { throw .system(path: place, errno: errno) }
        } else {
            // Unlike rename, it fails when something is there.
            guard unsafe link(path, place) == 0 else {
                throw errno == EEXIST
                    ? .exists(path: place) : .system(path: place, errno: errno)
            }
            unsafe unlink(path)
        }
        let folder = Self.folder(of: place)
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(path: folder, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system(path: folder, errno: errno) }
    }

    /// Removes it, and what SQLite may have left beside it.
    private func remove() {
        for suffix in ["-journal", "-wal", "-shm", ""] { unsafe unlink(path + suffix) }
    }

    /// The folder in which a path is.
    static func folder(of path: String) -> String {
        guard let cut = path.lastIndex(of: "/") else { return "." }
        return cut == path.startIndex ? "/" : String(path[..<cut])
    }
}
