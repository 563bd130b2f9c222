internal import CFastCGI
import Glibc
internal import HTTP

/// The place in which a worker has libfcgi parse one request after the other.
///
/// libfcgi's streams point back to their `FCGX_Request`, so it is allocated once and never moves.
/// The connection is accepted by us and handed to libfcgi ready made, which gives it a time limit
/// and close-on-exec and leaves the waiting, and so the stopping, to us. For that this file alone
/// touches fields that `fcgiapp.h` marks "don't use": `ipcFd` and `keepConnection`; their meaning
/// has not changed from 2.4.0 to 2.4.6. The listening socket that libfcgi is given is -1, so that
/// where it would accept by itself (after a connection that it gave up) it fails with EBADF.
///
/// A connection whose peer sets FCGI_KEEP_CONN is given back open when its request is answered and
/// read to its very end: whatever is left unread of a body would be parsed as the next request, and
/// a visitor could forge one in a body.
@safe
struct Connection: ~Copyable {
    /// How long a peer may leave us waiting for the next byte, or for room to write, in seconds.
    ///
    /// nginx sends a request when it has all of it and buffers the answer, so only a peer that is
    /// not nginx comes near it.
    static let patience = 10

    /// How many bytes of a body that nobody asked for are read before the connection is given up.
    ///
    /// 1 MiB is nginx's default client_max_body_size. Reading to the end matters because closing a
    /// unix socket with bytes unread resets it, which can take the answer away.
    static let drainLimit = 1 << 20

    private let raw: UnsafeMutablePointer<FCGX_Request>

    init() {
        unsafe raw = .allocate(capacity: 1)
        unsafe raw.initialize(to: FCGX_Request())
        unsafe FCGX_InitRequest(raw, -1, 0)
    }

    deinit {
        unsafe FCGX_Finish_r(raw)
        unsafe raw.deallocate()
    }

    /// Reads the next request from a connection, which this call takes over.
    ///
    /// - Returns: `false` when what came is no complete FastCGI request; the socket is closed.
    func open(_ arrival: Arrival) -> Bool {
        if arrival.isNew { limit(arrival.socket) }
        // Accept_r finishes the request before it, which is over: without the flag it would
        // close the new socket as the old one's.
        unsafe raw.pointee.ipcFd = arrival.socket
        unsafe raw.pointee.keepConnection = 1
        return unsafe FCGX_Accept_r(raw) == 0
    }

    /// The request that was read.
    var request: Request { unsafe Request(raw) }

    /// Whether the parameters arrived whole.
    ///
    /// libfcgi also hands out a request whose parameters were cut between two of them; the error
    /// on its input stream is then the only sign. Deciding on half the parameters could let
    /// somebody in, so such a request is refused.
    var isComplete: Bool {
        unsafe FCGX_GetError(raw.pointee.in) == 0 && request.has("REQUEST_METHOD")
    }

    /// Answers the request, and closes the connection unless the peer asked to keep it.
    ///
    /// `Status:` comes first on every answer: without it nginx would take 200 for granted.
    ///
    /// - Returns: whether the connection is open and may carry another request.
    func answer(with response: borrowing Response) -> Bool {
        put(StatusLine.of(response.status))
        put(response.fields)
        put("\r\n")
        put(response.body)
        // A peer that does not read has used up its patience: the rest fails at once.
        if unsafe FCGX_GetError(raw.pointee.out) != 0 {
            unsafe shutdown(raw.pointee.ipcFd, CInt(SHUT_RDWR))
        }
        if !drain() { unsafe raw.pointee.keepConnection = 0 }
        // Detached, a socket that is to be closed is closed at once instead of being shut down,
        // polled and read to its end first: with the body drained there is nothing to wait for.
        if unsafe raw.pointee.keepConnection == 0 { unsafe FCGX_Detach(raw) }
        // Closes a kept one all the same where reading or writing failed.
        unsafe FCGX_Finish_r(raw)
        let isOpen = unsafe raw.pointee.ipcFd >= 0
        unsafe raw.pointee.ipcFd = -1
        return isOpen
    }

    private func limit(_ socket: CInt) {
        var patience = timeval(tv_sec: Connection.patience, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
    }

    private func put(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        unsafe bytes.withUnsafeBytes { bytes in
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            unsafe FCGX_PutStr(start, CInt(bytes.count), raw.pointee.out)
        }
    }

    private func put(_ text: StaticString) {
        let start = unsafe UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
        unsafe FCGX_PutStr(start, CInt(text.utf8CodeUnitCount), raw.pointee.out)
    }

    /// Reads what is left of the body; `false` when that is more than the limit, or cannot be read.
    ///
    /// The end is the empty record (FastCGI 1.0, section 3.3), not the announced length. Where
    /// reading has failed already there is nothing to come: a peer that fell silent in the middle
    /// of its parameters would be waited for once more.
    private func drain() -> Bool {
        guard unsafe FCGX_GetError(raw.pointee.in) == 0 else { return false }
        var left = Connection.drainLimit
        // More than 1024 bytes would be taken from the heap.
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
            while left > 0 {
                let count = unsafe FCGX_GetStr(buffer.baseAddress, 1024, raw.pointee.in)
                if count < 1024 { return true }
                left -= Int(count)
            }
            return false
        }
    }
}
