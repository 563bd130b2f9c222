internal import Glibc

/// The bytes of an open file from where it stands, a mebibyte at a time.
struct FileChunks {
    /// The open file.
    let descriptor: CInt
    /// What it is called in a failure.
    let path: String

    private static let size = 1 << 20

    /// Hands out the next `limit` bytes, or all up to the end.
    func forEach(
        upTo limit: Int = .max,
        _ body: (ArraySlice<UInt8>) throws -> Void
    ) throws {
        var buffer = [UInt8](repeating: 0, count: Self.size)
        var left = limit
        while left > 0 {
            let count = unsafe read(descriptor, &buffer, min(left, Self.size))
            if count == 0 { return }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw BackupFailure.system(path: path, errno: errno) }
            try body(buffer[..<count])
            left -= count
        }
    }
}
