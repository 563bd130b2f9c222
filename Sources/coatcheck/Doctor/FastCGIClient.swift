import Glibc

/// Asks Coatcheck over its unix socket as nginx does, one request for each connection.
struct FastCGIClient {
    /// The path of the socket.
    let path: String

    /// How long one answer may take, in seconds.
    private static let patience = 5
    /// The most bytes of an answer.
    private static let limit = 65_536

    /// Sends a request without a body and returns the answer.
    func answer(to parameters: [(String, String)]) throws(FastCGIFailure) -> Answer {
        let descriptor = try open()
        defer { close(descriptor) }
        var bytes = Self.record(.begin, [0, 1, 0, 0, 0, 0, 0, 0])
        bytes += Self.record(.parameters, parameters.flatMap(Self.pair))
        bytes += Self.record(.parameters, []) + Self.record(.input, [])
        let sent = unsafe send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
        guard sent == bytes.count else { throw .silent }
        guard let answer = Answer(try output(descriptor)) else { throw .malformed }
        return answer
    }

    /// Whether there is a socket that somebody listens on; where that cannot be told, there is.
    var isListenedOn: Bool {
        do throws(FastCGIFailure) {
            close(try open())
            return true
        } catch .refused(let number) where number == ENOENT || number == ECONNREFUSED {
            return false
        } catch {
            return true
        }
    }

    /// Makes a connection, which is the caller's to close.
    private func open() throws(FastCGIFailure) -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .refused(errno) }
        var wait = timeval(tv_sec: Self.patience, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, size)
        do throws(FastCGIFailure) {
            try connect(descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private func connect(_ descriptor: CInt) throws(FastCGIFailure) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .refused(ENAMETOOLONG)
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let result = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw .refused(errno) }
    }

    /// What stands in the records of the standard output, up to the one that ends the request.
    private func output(_ descriptor: CInt) throws(FastCGIFailure) -> [UInt8] {
        let deadline = ContinuousClock.now + .seconds(Self.patience)
        var output: [UInt8] = []
        while ContinuousClock.now < deadline, output.count <= Self.limit {
            let head = try read(8, descriptor)
            let length = Int(head[4]) << 8 | Int(head[5])
            let content = try read(length + Int(head[6]), descriptor).prefix(length)
            if head[1] == Kind.output.rawValue { output += content }
            if head[1] == Kind.end.rawValue { return output }
        }
        throw .silent
    }

    private func read(_ count: Int, _ descriptor: CInt) throws(FastCGIFailure) -> [UInt8] {
        guard count > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        guard unsafe recv(descriptor, &bytes, count, CInt(MSG_WAITALL)) == count else {
            throw .silent
        }
        return bytes
    }

    /// The kinds of records (FastCGI specification, section 8).
    private enum Kind: UInt8 { case begin = 1, end = 3, parameters = 4, input = 5, output = 6 }

    /// One record of version 1 for request 1; what is sent here is far below the 65535 bytes.
    private static func record(_ kind: Kind, _ content: [UInt8]) -> [UInt8] {
        let length = UInt16(content.count)
        return [1, kind.rawValue, 0, 1, UInt8(length >> 8), UInt8(length & 255), 0, 0] + content
    }

    /// A name and a value with their lengths before them, each as four bytes.
    private static func pair(_ name: String, _ value: String) -> [UInt8] {
        let lengths = [name, value].flatMap { text in
            let count = UInt32(text.utf8.count) | 1 << 31
            return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
        }
        return lengths + name.utf8 + value.utf8
    }
}

/// Why there was no answer over the socket.
package enum FastCGIFailure: Error, Hashable, Sendable {
    /// connect(2) failed with this error number.
    case refused(CInt)
    /// The peer hung up or let us wait.
    case silent
    /// What came is no answer.
    case malformed
}
