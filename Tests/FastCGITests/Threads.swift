import Glibc

/// Runs a body that blocks on a thread of its own, so that it takes none from Swift's pool.
func onThread<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        let work = Work { continuation.resume(with: Swift.Result(catching: body)) }
        let context = unsafe Unmanaged.passRetained(work)
        var thread = pthread_t()
        let status = unsafe pthread_create(&thread, nil, runWork, context.toOpaque())
        guard status == 0 else {
            unsafe context.release()
            continuation.resume(throwing: Peer.Failure.connect(status))
            return
        }
        pthread_detach(thread)
    }
}

private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }
}

private func runWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context = unsafe context {
        unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
    }
    return nil
}

/// The kernel's name of the calling thread, "PROCESS/task/THREAD".
///
/// It is read anew at every call: the optimiser may fold two calls of pthread_self(3) across an
/// `await` into one, and would hide a handler that moved.
func currentThread() -> String {
    var name = [CChar](repeating: 0, count: 64)
    let count = unsafe readlink("/proc/thread-self", &name, name.count)
    return String(decoding: name.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Waits until a thread sleeps in the kernel; `false` when it ended before.
func waitUntilAsleep(_ thread: String) async -> Bool {
    while true {
        let file = unsafe open("/proc/" + thread + "/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = unsafe read(file, &buffer, buffer.count)
        close(file)
        // "12 (name) S …": the state follows the last parenthesis (proc(5)).
        let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        guard let paren = text.lastIndex(of: ")") else { return false }
        if text[paren...].dropFirst(2).first == "S" { return true }
        await Task.yield()
    }
}

/// A gate in a handler: it says who has arrived, and lets all pass once it is open.
actor Latch {
    private var isOpen = false
    private var count = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

    /// Waits until the latch is open.
    func pass() async {
        count += 1
        for watcher in watchers where watcher.count <= count { watcher.continuation.resume() }
        watchers.removeAll { $0.count <= count }
        guard !isOpen else { return }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Returns once so many have come.
    func arrivals(_ wanted: Int) async {
        guard count < wanted else { return }
        await withCheckedContinuation { watchers.append((wanted, $0)) }
    }

    /// Lets everybody pass.
    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
