internal import CLinux
import Glibc
import Synchronization

/// Where workers wait for requests, and how they are told to stop.
///
/// libfcgi has no way to stop a pool of threads that wait in accept(2), and holds a thread for each
/// connection that is kept. Here all workers wait in one epoll(7) set for three things: new
/// connections at the listening socket, the next request on connections that are kept, and an
/// eventfd(2) that is written once, at the end, and wakes all.
///
/// Sockets are one-shot: an event wakes one worker, which arms the socket again when the next event
/// may come: a connection's when its request is answered, the listening one when it has accepted.
/// So no two workers read from one connection and none is held by a silent one. A crowd of
/// connections wakes workers one after the other, as each of them gets to run, and epoll_wait(2)
/// wakes the one first that has waited least: few workers do what few can do. With 64 clients that
/// takes a tenth off the processor time of a session check, nginx's included, compared with a set
/// for each worker (EPOLLEXCLUSIVE).
final class Door: Sendable {
    /// How long to wait after the system ran out of descriptors or memory, in milliseconds:
    /// long enough not to spin, short enough to go unnoticed once there is room again.
    static let backOff: CInt = 50

    private let listener: Listener
    private let kept = KeptConnections()
    private let poll: CInt
    private let shutSignal: CInt
    private let shutFlag = Atomic(false)
    private let brokenFlag = Atomic(false)
    /// Whether the last look at the backlog found a connection.
    private let mayHaveMore = Atomic(false)

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
        kept.close()
        for descriptor in [poll, shutSignal] where descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Lets no more requests in, and closes the connections on which none is in work.
    ///
    /// Connections that wait in the backlog stay there. nginx may be sending on one that is closed
    /// here; it then sends the request again (coatcheck-upstream.conf).
    func shut() {
        shutFlag.store(true, ordering: .releasing)
        kept.close()
        eventfd_write(shutSignal, 1)
    }

    /// Waits for a connection that has a request; `nil` once the door is shut or the socket broken.
    ///
    /// New and kept connections take turns: after a kept one the backlog is looked at first, and
    /// else whatever has been ready longest. So neither kind can crowd out the other.
    func next(after last: Arrival?, _ report: (WorkerEvent) -> Void) -> Arrival? {
        if last?.isNew == false, mayHaveMore.load(ordering: .relaxed), !isShut {
            let socket = accept()
            if socket >= 0 { return Arrival(socket: socket, isNew: true) }
            // Why there is none, the listening socket's own event tells.
        }
        var isOutOfResources = false
        while !isShut {
            let (ready, hasLeft) = wait()
            guard ready == listener.descriptor else {
                guard kept.claim(ready) else { continue }
                if !hasLeft { return Arrival(socket: ready, isNew: false) }
                Glibc.close(ready)
                continue
            }
            defer { arm(listener.descriptor, by: EPOLL_CTL_MOD) }
            // Somebody has shut it down; accept(2) would say EAGAIN for ever.
            if hasLeft { return giveUp(ESHUTDOWN, report) }
            let socket = accept()
            if socket >= 0 { return Arrival(socket: socket, isNew: true) }
            switch errno {
            case EAGAIN, EINTR, ECONNABORTED:
                continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                if !isOutOfResources { report(.acceptFailed(code: errno, isFatal: false)) }
                isOutOfResources = true
                var signal = pollfd(fd: shutSignal, events: Int16(POLLIN), revents: 0)
                unsafe Glibc.poll(&signal, 1, Door.backOff)
            default:
                return giveUp(errno, report)
            }
        }
        return nil
    }

    /// Reports, once, that the listening socket can no longer be used.
    private func giveUp(_ code: CInt, _ report: (WorkerEvent) -> Void) -> Arrival? {
        if !brokenFlag.exchange(true, ordering: .relaxed) {
            report(.acceptFailed(code: code, isFatal: true))
        }
        return nil
    }

    /// Keeps a connection whose request is answered for its next one.
    ///
    /// It is noted before it is armed, since from then on another worker may claim it. Where the
    /// system has no room for it in the set, it is closed.
    func keep(_ arrival: Arrival) {
        kept.add(arrival.socket)
        let isArmed = arm(arrival.socket, by: arrival.isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD)
        if !isArmed, kept.claim(arrival.socket) { Glibc.close(arrival.socket) }
    }

    /// Whether the listening socket can no longer be used.
    var isBroken: Bool { brokenFlag.load(ordering: .relaxed) }

    /// Whether a connection is in the backlog.
    var hasWaitingConnection: Bool {
        var listening = pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe Glibc.poll(&listening, 1, 0) == 1
    }

    private func accept() -> CInt {
        let socket = accept4(listener.descriptor, nil, nil, CInt(SOCK_CLOEXEC.rawValue))
        mayHaveMore.store(socket >= 0, ordering: .relaxed)
        return socket
    }

    private var isShut: Bool { shutFlag.load(ordering: .acquiring) }

    /// Sleeps until something happens at a descriptor, which is -1 when nothing did.
    ///
    /// A peer that has left has closed the connection and waits for no answer.
    private func wait() -> (ready: CInt, hasLeft: Bool) {
        var event = unsafe epoll_event(events: 0, data: epoll_data_t(fd: -1))
        unsafe epoll_wait(poll, &event, 1, -1)
        return unsafe (event.data.fd, event.events & EPOLLHUP.rawValue != 0)
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
    /// accept(2) failed with this error number; after a fatal one the pool can only be stopped.
    case acceptFailed(code: CInt, isFatal: Bool)
    /// A peer sent something that is no complete FastCGI request.
    case malformedRequest
}
