import Glibc
internal import Sessions
internal import Storage

extension StorageExamination {
    /// Looks at the database; also says what is the newest time in it.
    static func look(at path: String) -> (StorageExamination, newest: Timestamp?) {
        let cut = path.lastIndex(of: "/") ?? path.startIndex
        let place = cut == path.startIndex ? "/" : String(path[..<cut])
        let folder = FileFacts(at: place)
        let isClosed = unsafe access(place, X_OK) != 0 && folder != nil
        let files = ["", "-wal", "-shm"].compactMap { FileFacts(at: path + $0) }
        var opening: Opening? = isClosed ? .outOfReach : nil
        var newest: Timestamp?
        if files.first?.path == path, files.first?.kind == .file {
            do throws(StorageError) {
                let health = try SQLiteStorage.health(ofFileAt: path)
                newest = health.newest
                opening = .opened(fault: health.integrityProblem, isCurrent: health.isCurrent)
            } catch {
                opening = .failed(code: error.code, detail: error.reason)
            }
        }
        var space = statvfs()
        let isKnown = unsafe statvfs(place, &space) == 0
        var isWritable = false
        if let folder, let file = files.first {
            isWritable = folder.allows(0o3, to: Identity(ownerOf: file))
        }
        let examination = StorageExamination(
            path: path,
            folder: folder,
            files: files,
            isFolderWritable: isWritable,
            freeBytes: isKnown ? UInt64(space.f_bavail) * UInt64(space.f_frsize) : nil,
            opening: opening
        )
        return (examination, newest)
    }
}

extension StorageError {
    /// The stable word of the error.
    fileprivate var code: String {
        if case .unavailable(let code, _) = self { return code }
        return "internal"
    }
}
