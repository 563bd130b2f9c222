internal import Sessions
internal import Synchronization

/// The files of an open database, and whether they are still the ones at its path.
///
/// Files that are removed, moved or replaced can be read and written on by whoever has them open,
/// but nobody else sees it, and the next start finds none of it
/// (<https://www.sqlite.org/howtocorrupt.html>, section 4). While they are away nothing is
/// acknowledged and nothing is read; when they are put back it goes on.
final class FilesInUse: Sendable {
    private let files: [(path: String, identity: FileIdentity?)]
    private let isInPlace = Atomic(true)

    /// Remembers which files there are: `main` was at `path` before it was opened, the others were
    /// made when it was.
    init(path: String, main: FileIdentity?) {
        let others = ["\(path)-wal", "\(path)-shm"]
        files = [(path, main)] + others.map { ($0, FileIdentity(path: $0)) }
    }

    /// Looks whether all files are in place, which takes some microseconds.
    ///
    /// - Throws: `unavailable` with `io` when one is not.
    func look() throws(StorageError) {
        let areAll = files.allSatisfy { FileIdentity(path: $0.path) == $0.identity }
        isInPlace.store(areAll, ordering: .relaxed)
        try requireLast()
    }

    /// Goes by the last look, which the change feed takes twenty times a second.
    ///
    /// - Throws: `unavailable` with `io` when a file was not in place.
    func requireLast() throws(StorageError) {
        guard isInPlace.load(ordering: .relaxed) else {
            throw .unavailable(
                code: "io",
                detail: "the files at the path of the database are not the ones in use"
            )
        }
    }

    /// Whether another file was put in the place of the database, beside the log of this one.
    var isReplaced: Bool {
        let found = FileIdentity(path: files[0].path)
        return found != nil && found != files[0].identity
            && FileIdentity(path: files[1].path) == files[1].identity
    }
}
