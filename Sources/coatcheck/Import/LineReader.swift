import Glibc

/// Reads a file line by line, holding one block of it at a time.
///
/// Lines end with LF or CRLF; the last may lack its end. A byte order mark before the first line is
/// passed over.
package struct LineReader: ~Copyable {
    /// The longest line, in bytes: names, groups and a hash fit many times.
    package static let maximumBytes = 4096
    private static let blockSize = 65_536

    /// The number of the line that was read last; the first is 1.
    package private(set) var number = 0
    private let descriptor: Int32
    private var block: [UInt8] = Array(repeating: 0, count: blockSize)
    private var unread = 0..<0

    /// Opens a file; `-` is standard input.
    package init(path: String) throws {
        descriptor = path == "-" ? dup(STDIN_FILENO) : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw LineReader.failure(path) }
    }

    deinit { close(descriptor) }

    /// The next line without its end; `nil` after the last.
    ///
    /// - Throws: `ImportLineError.tooLong` for a line that is passed over, or `Failure` when the
    ///   file cannot be read on.
    package mutating func next() throws -> [UInt8]? {
        var line: [UInt8] = []
        var isTooLong = false
        var isThere = false
        while true {
            if unread.isEmpty { try fill() }
            guard !unread.isEmpty else { break }
            isThere = true
            let end = block[unread].firstIndex(of: UInt8(ascii: "\n"))
            // One byte more for the CR of a line that is as long as can be.
            if line.count + (end ?? unread.upperBound) - unread.lowerBound > Self.maximumBytes + 1 {
                isTooLong = true
            } else {
                line += block[unread.lowerBound..<(end ?? unread.upperBound)]
            }
            unread = (end.map { $0 + 1 } ?? unread.upperBound)..<unread.upperBound
            if end != nil { break }
        }
        guard isThere else { return nil }
        number += 1
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        if number == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        guard !isTooLong, line.count <= Self.maximumBytes else { throw ImportLineError.tooLong }
        return line
    }

    private mutating func fill() throws {
        var count = 0
        repeat {
            count = unsafe read(descriptor, &block, Self.blockSize)
        } while count == -1 && errno == EINTR
        guard count >= 0 else { throw LineReader.failure("the file") }
        unread = 0..<count
    }

    private static func failure(_ path: String) -> Failure {
        Failure("cannot read \(path): \(unsafe String(cString: strerror(errno)))")
    }
}
