internal import CLinux
import Glibc
import Synchronization

/// Where workers wait for connections, and how they are told to stop.
///
/// libfcgi has no way to stop a pool of threads that wait in accept(2). Here they wait in
/// epoll_wait(2) for two things: the listening socket, with EPOLLEXCLUSIVE so that one connection
/// wakes one of them, and an eventfd(2) that is written once, at the end, and wakes all.
final class Door: Sendable {
    private let listener: Listener
    private let shutSignal: CInt
    private let shutFlag = Atomic(false)

    init(_ listener: consuming Listener) throws(ListenerError) {
        let signal = eventfd(0, CInt(EFD_NONBLOCK | EFD_CLOEXEC))
        guard signal >= 0 else { throw .system("eventfd", errno) }
        self.listener = listener
        shutSignal = signal
    }

    deinit { Glibc.close(shutSignal) }

    /// Lets no more requests in.
    ///
    /// Connections that wait in the backlog stay there.
    func shut() {
        shutFlag.store(true, ordering: .releasing)
        eventfd_write(shutSignal, 1)
    }

    private var isShut: Bool { shutFlag.load(ordering: .acquiring) }

    /// A worker's own place to wait at.
    func queue() throws(ListenerError) -> Queue { try Queue(self) }

    /// One worker's epoll instance.
    struct Queue: ~Copyable {
        /// How long to wait after the system ran out of descriptors or memory, in milliseconds:
        /// long enough not to spin, short enough to go unnoticed once there is room again.
        static let backOff: CInt = 50

        private let door: Door
        private let poll: CInt

        fileprivate init(_ door: Door) throws(ListenerError) {
            self.door = door
            poll = epoll_create1(CInt(EPOLL_CLOEXEC))
            guard poll >= 0 else { throw .system("epoll_create1", errno) }
            try add(door.listener.descriptor, EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue)
            try add(door.shutSignal, EPOLLIN.rawValue)
        }

        deinit { Glibc.close(poll) }

        /// Waits for the next connection; `nil` once the door is shut or the socket is broken.
        func next(_ report: (WorkerEvent) -> Void) -> CInt? {
            var isOutOfResources = false
            while !door.isShut {
                let socket = accept4(
                    door.listener.descriptor,
                    nil,
                    nil,
                    CInt(SOCK_CLOEXEC.rawValue)
                )
                if socket >= 0 { return socket }
                switch errno {
                case EAGAIN:
                    var event = unsafe epoll_event()
                    unsafe epoll_wait(poll, &event, 1, -1)
                case EINTR, ECONNABORTED:
                    continue
                case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                    if !isOutOfResources { report(.acceptFailed(code: errno, isFatal: false)) }
                    isOutOfResources = true
                    var signal = pollfd(fd: door.shutSignal, events: Int16(POLLIN), revents: 0)
                    unsafe Glibc.poll(&signal, 1, Queue.backOff)
                default:
                    report(.acceptFailed(code: errno, isFatal: true))
                    return nil
                }
            }
            return nil
        }

        private func add(_ descriptor: CInt, _ events: UInt32) throws(ListenerError) {
            var event = unsafe epoll_event(events: events, data: epoll_data_t(fd: descriptor))
            guard unsafe epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
                throw .system("epoll_ctl", errno)
            }
        }
    }
}

/// What a worker noticed that is no request.
package enum WorkerEvent: Hashable, Sendable {
    /// accept(2) failed with this error number; a fatal one ends the worker.
    case acceptFailed(code: CInt, isFatal: Bool)
    /// A peer sent something that is no complete FastCGI request.
    case malformedRequest
}
