import Glibc

/// The connections that wait, open, for their next request and belong to no worker meanwhile.
///
/// Whoever claims one owns it. That is what keeps a connection that is closed here because there
/// are too many, or because it is the end, from being served at the same time.
///
/// `@unchecked Sendable`: `waiting` and `isClosed` are only touched while the mutex is held.
@safe
final class KeptConnections: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// The sockets, the one that has waited longest first.
    private var waiting: [CInt] = []
    private var isClosed = false
    private let limit: Int

    /// Creates an empty set.
    ///
    /// nginx keeps up to `keepalive` connections in each of its workers, 64 in our snippet: the
    /// default is enough for eight of them, and half of the descriptors that a process may have on
    /// Linux unless it asks for more.
    ///
    /// - Parameter limit: the most connections that are kept.
    init(limit: Int = 512) {
        self.limit = limit
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Takes over a connection; beyond the limit the one that has waited longest is closed.
    ///
    /// That is the one that nginx would use last. A peer that hoards connections loses its own.
    func add(_ socket: CInt) {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        guard !isClosed else {
            Glibc.close(socket)
            return
        }
        waiting.append(socket)
        if waiting.count > limit { Glibc.close(waiting.removeFirst()) }
    }

    /// Hands a connection over to the caller; `false` when it has been closed.
    func claim(_ socket: CInt) -> Bool {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        guard let index = waiting.lastIndex(of: socket) else { return false }
        waiting.remove(at: index)
        return true
    }

    /// Closes all connections, and every one that is added later.
    func close() {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        isClosed = true
        for socket in waiting { Glibc.close(socket) }
        waiting = []
    }
}
