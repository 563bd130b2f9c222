internal import Glibc

/// Which file it is, whatever it is called.
struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let number: UInt64

    /// Asks which file is at a path; `nil` when there is none.
    ///
    /// It does not open the file: closing it would drop the locks of SQLite (`DatabaseFile`).
    init?(path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Takes it from what the system says about a file.
    init(_ status: stat) {
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
    }
}
