internal import CLinux
import Glibc
internal import Synchronization

/// What calls the threads of an engine back from whatever they wait for, once and for good.
///
/// Whoever waits for an engine looks at it too (`Deadline`), so that threads end soon when the
/// engine does not answer. The threads find it as a task-local value, which outside of tasks is one
/// of the thread; a thread that has none is not called back.
final class Recall: Sendable {
    /// That of the thread that runs.
    @TaskLocal static var current: Recall?

    /// An eventfd(2) that can be read from once the threads are called back (poll(2)).
    let descriptor: Int32
    private let called = Atomic(false)

    init() {
        descriptor = eventfd(0, CInt(EFD_NONBLOCK | EFD_CLOEXEC))
        guard descriptor >= 0 else {
            fatalError(unsafe "eventfd: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Calls the threads back.
    func call() {
        called.store(true, ordering: .releasing)
        eventfd_write(descriptor, 1)
    }

    /// Whether the threads have been called back.
    var isCalled: Bool { called.load(ordering: .acquiring) }
}
