import Glibc

/// Something that threads wait at until it is opened, so a test can hold a hashing thread.
///
/// `@unchecked Sendable`: the descriptors never change, and a pipe is safe to use from anywhere.
final class Gate: @unchecked Sendable {
    private let readEnd: Int32
    private let writeEnd: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(unsafe pipe(&ends) == 0, "no descriptors for a pipe")
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit { close(readEnd) }

    /// Waits until the gate is open; blocks the thread.
    func wait() {
        var byte: UInt8 = 0
        unsafe read(readEnd, &byte, 1)
    }

    /// Lets everybody through, now and later.
    func open() {
        close(writeEnd)
    }
}
