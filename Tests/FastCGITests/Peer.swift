import Glibc

/// The other end of a connection to a pool: a web server, or somebody who pretends to be one.
///
/// Its calls block, so they belong into `onThread`.
final class Peer: Sendable {
    private let socket: CInt

    /// Something that went wrong on the side of the test.
    enum Failure: Error {
        case connect(CInt), send(CInt), timeout
    }

    /// How long a test waits for bytes before it fails, in seconds: longer than the pool's own
    /// patience.
    private static let patience = 30

    /// Connects to a unix socket.
    init(_ path: String) throws {
        socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw Failure.connect(errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: Array(path.utf8))
        }
        let status = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw Failure.connect(errno) }
        var limit = timeval(tv_sec: Peer.patience, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    deinit { Glibc.close(socket) }

    /// Sends a request and reads what comes back up to the end of the connection.
    static func exchange(_ request: WireRequest, with path: String) throws -> WireAnswer {
        try exchange(request.bytes, with: path)
    }

    /// Sends bytes, closes the sending half when asked to, and reads up to the end.
    static func exchange(
        _ bytes: [UInt8],
        halfClose: Bool = false,
        with path: String
    ) throws -> WireAnswer {
        let peer = try Peer(path)
        peer.offer(bytes)
        if halfClose { peer.halfClose() }
        return try peer.answer()
    }

    /// Sends bytes.
    func send(_ bytes: [UInt8]) throws {
        guard offer(bytes) else { throw Failure.send(errno) }
    }

    /// Sends bytes as far as the other side takes them.
    @discardableResult
    func offer(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    socket,
                    $0.baseAddress?.advanced(by: sent),
                    bytes.count - sent,
                    CInt(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Says that nothing more will be sent.
    func halfClose() {
        shutdown(socket, CInt(SHUT_WR))
    }

    /// Whether nothing has come back and the connection is open.
    var isWaiting: Bool {
        var byte: UInt8 = 0
        let flags = CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)
        return unsafe recv(socket, &byte, 1, flags) < 0 && errno == EAGAIN
    }

    /// Sends a request and reads its answer, which does not end the connection.
    func ask(_ request: WireRequest) throws -> WireAnswer {
        offer(request.bytes)
        return try answer(until: { $0.ends[1] != nil })
    }

    /// Reads up to the end of the connection, or until there is enough.
    func answer(until isEnough: (WireAnswer) -> Bool = { _ in false }) throws -> WireAnswer {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe recv(socket, &buffer, buffer.count, 0)
            if count > 0 {
                received += buffer[..<count]
                let answer = WireAnswer(received, isReset: false)
                if isEnough(answer) { return answer }
            } else if count == 0 {
                return WireAnswer(received, isReset: false)
            } else if errno == ECONNRESET {
                return WireAnswer(received, isReset: true)
            } else if errno != EINTR {
                throw Failure.timeout
            }
        }
    }

    /// Whether the other side closes the connection without another byte.
    func isClosed() throws -> Bool {
        let answer = try answer()
        return answer.types.isEmpty && answer.rest.isEmpty
    }
}
