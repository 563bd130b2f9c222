internal import COpenSSL
import Glibc
internal import Sessions

/// A socket to a Redis server, with TLS or without, on which nothing waits longer than it may.
@safe
final class RedisTransport {
    private let descriptor: Int32
    private var session: OpaquePointer?

    /// What a try to read or write came to.
    private enum Attempt {
        case moved(Int)
        /// It must wait for these events of poll(2).
        case waits(Int32)
        case ended
    }

    /// Connects to a place.
    init(
        to place: RedisPlace,
        with context: RedisTLSContext?,
        by deadline: Deadline
    ) throws(StorageError) {
        descriptor = try place.connect(by: deadline)
        guard let context else { return }
        do throws(StorageError) {
            let session = unsafe try context.session(with: place.host)
            unsafe self.session = session
            unsafe try shakeHands(session, by: deadline)
        } catch {
            close()
            throw error
        }
    }

    /// Closes it, without a word to the server; nothing may be called afterwards.
    func close() {
        if let session = unsafe session { unsafe SSL_free(session) }
        unsafe session = nil
        Glibc.close(descriptor)
    }

    /// Sends bytes, all of them.
    func send(_ bytes: UnsafeRawBufferPointer, by deadline: Deadline) throws(StorageError) {
        var rest = unsafe bytes[...]
        while unsafe !rest.isEmpty {
            let part = unsafe UnsafeRawBufferPointer(rebasing: rest)
            let count = try move(by: deadline) { unsafe write(part) }
            unsafe rest = rest.dropFirst(count)
        }
    }

    /// Receives some bytes, at least one.
    func receive(
        into buffer: UnsafeMutableRawBufferPointer,
        by deadline: Deadline
    ) throws(StorageError) -> Int {
        try move(by: deadline) { unsafe read(into: buffer) }
    }

    /// Whether nothing has come, and the server has not closed it, while nothing was asked.
    var isQuiet: Bool {
        guard Deadline(in: .zero).wait(for: POLLIN, of: descriptor) else { return true }
        // It may be a word of TLS that is none of ours.
        var byte: UInt8 = 0
        return unsafe withUnsafeMutableBytes(of: &byte) { buffer in
            if case .waits = unsafe read(into: buffer) { true } else { false }
        }
    }

    // MARK: one try

    private func move(
        by deadline: Deadline,
        _ attempt: () -> Attempt
    ) throws(StorageError) -> Int {
        while true {
            switch attempt() {
            case .moved(let count): return count
            case .ended: throw .lostRedis
            case .waits(let events):
                guard deadline.wait(for: events, of: descriptor) else { throw .silentRedis }
            }
        }
    }

    private func read(into buffer: UnsafeMutableRawBufferPointer) -> Attempt {
        if let session = unsafe session {
            ERR_clear_error()
            let length = Int32(clamping: buffer.count)
            return unsafe outcome(SSL_read(session, buffer.baseAddress, length), session)
        }
        let count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
        return count > 0 ? .moved(count) : isWorthWaiting(count) ? .waits(POLLIN) : .ended
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Attempt {
        if let session = unsafe session {
            ERR_clear_error()
            let length = Int32(clamping: bytes.count)
            return unsafe outcome(SSL_write(session, bytes.baseAddress, length), session)
        }
        let flags = Int32(MSG_NOSIGNAL)
        let count = unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
        return count > 0 ? .moved(count) : isWorthWaiting(count) ? .waits(POLLOUT) : .ended
    }

    private func isWorthWaiting(_ count: Int) -> Bool {
        count < 0 && (errno == EAGAIN || errno == EINTR)
    }

    // MARK: TLS

    private func outcome(_ result: Int32, _ session: OpaquePointer) -> Attempt {
        if result > 0 { return .moved(Int(result)) }
        return switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: .waits(POLLIN)
        case SSL_ERROR_WANT_WRITE: .waits(POLLOUT)
        default: .ended
        }
    }

    private func shakeHands(
        _ session: OpaquePointer,
        by deadline: Deadline
    ) throws(StorageError) {
        guard unsafe SSL_set_fd(session, descriptor) == 1 else { throw .lostRedis }
        do throws(StorageError) {
            _ = try move(by: deadline) {
                ERR_clear_error()
                return unsafe outcome(SSL_connect(session), session)
            }
        } catch {
            let verdict = unsafe SSL_get_verify_result(session)
            guard verdict != X509_V_OK else { throw error }
            let reason = unsafe String(cString: X509_verify_cert_error_string(verdict))
            throw .unavailable(code: "denied", detail: "the certificate of Redis: \(reason)")
        }
    }
}

extension StorageError {
    /// The server has closed the connection, or spoken what is not its protocol.
    static let lostRedis = StorageError.unavailable(
        code: "unreachable",
        detail: "the connection to Redis was lost"
    )

    /// The server has not answered in time.
    static let silentRedis = StorageError.unavailable(
        code: "timeout",
        detail: "Redis does not answer"
    )
}
