internal import CLinux
import Glibc
import Synchronization

/// Where workers wait for connections, and how they are told to stop.
///
/// libfcgi has no way to stop a pool of threads that wait in accept(2). Here all wait in one
/// epoll(7) set for two things: the listening socket, and an eventfd(2) that is written once, at
/// the end, and wakes all.
///
/// The listening socket is one-shot: it wakes one worker, which arms it again when it has accepted.
/// So a crowd of connections wakes workers one after the other, as each of them gets to run, and
/// epoll_wait(2) wakes the one first that has waited least: few workers do what few can do. With 64
/// clients that takes a tenth off the processor time of a session check, nginx's included, compared
/// with a set for each worker (EPOLLEXCLUSIVE).
final class Door: Sendable {
    /// How long to wait after the system ran out of descriptors or memory, in milliseconds:
    /// long enough not to spin, short enough to go unnoticed once there is room again.
    static let backOff: CInt = 50

    private let listener: Listener
    private let poll: CInt
    private let shutSignal: CInt
    private let shutFlag = Atomic(false)

    init(_ listener: consuming Listener) throws(ListenerError) {
        self.listener = listener
        poll = epoll_create1(CInt(EPOLL_CLOEXEC))
        shutSignal = eventfd(0, CInt(EFD_NONBLOCK | EFD_CLOEXEC))
        guard poll >= 0, shutSignal >= 0 else { throw .system("epoll_create1, eventfd", errno) }
        guard
            control(EPOLL_CTL_ADD, shutSignal, EPOLLIN.rawValue),
            arm(self.listener.descriptor, by: EPOLL_CTL_ADD)
        else { throw .system("epoll_ctl", errno) }
    }

    deinit {
        for descriptor in [poll, shutSignal] where descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Lets no more requests in.
    ///
    /// Connections that wait in the backlog stay there.
    func shut() {
        shutFlag.store(true, ordering: .releasing)
        eventfd_write(shutSignal, 1)
    }

    /// Waits for the next connection; `nil` once the door is shut or the socket is broken.
    func next(_ report: (WorkerEvent) -> Void) -> CInt? {
        var isOutOfResources = false
        while !isShut {
            guard wait() == listener.descriptor else { continue }
            defer { arm(listener.descriptor, by: EPOLL_CTL_MOD) }
            let socket = accept4(listener.descriptor, nil, nil, CInt(SOCK_CLOEXEC.rawValue))
            if socket >= 0 { return socket }
            switch errno {
            case EAGAIN, EINTR, ECONNABORTED:
                continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                if !isOutOfResources { report(.acceptFailed(code: errno, isFatal: false)) }
                isOutOfResources = true
                var signal = pollfd(fd: shutSignal, events: Int16(POLLIN), revents: 0)
                unsafe Glibc.poll(&signal, 1, Door.backOff)
            default:
                report(.acceptFailed(code: errno, isFatal: true))
                return nil
            }
        }
        return nil
    }

    private var isShut: Bool { shutFlag.load(ordering: .acquiring) }

    /// Sleeps until something happens; returns the descriptor at which it did.
    private func wait() -> CInt {
        var event = unsafe epoll_event()
        return unsafe epoll_wait(poll, &event, 1, -1) == 1 ? event.data.fd : -1
    }

    /// Lets the next event of a descriptor wake one worker.
    @discardableResult
    private func arm(_ descriptor: CInt, by operation: CInt) -> Bool {
        control(operation, descriptor, EPOLLIN.rawValue | EPOLLONESHOT.rawValue)
    }

    private func control(_ operation: CInt, _ descriptor: CInt, _ events: UInt32) -> Bool {
        var event = unsafe epoll_event(events: events, data: epoll_data_t(fd: descriptor))
        return unsafe epoll_ctl(poll, operation, descriptor, &event) == 0
    }
}

/// What a worker noticed that is no request.
package enum WorkerEvent: Hashable, Sendable {
    /// accept(2) failed with this error number; a fatal one ends the worker.
    case acceptFailed(code: CInt, isFatal: Bool)
    /// A peer sent something that is no complete FastCGI request.
    case malformedRequest
}
