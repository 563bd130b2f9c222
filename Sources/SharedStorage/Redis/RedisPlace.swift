import Glibc
internal import Sessions

/// Where one server listens.
enum RedisPlace: Hashable, Sendable {
    case address(RedisURL.Address)
    case socket(path: String)

    /// The name that its certificate must bear; none for a socket.
    var host: String {
        switch self {
        case .address(let address): address.host
        case .socket: ""
        }
    }

    /// Connects a socket that does not block.
    ///
    /// Every address of the host is tried in turn, in the order of getaddrinfo(3). That one asks
    /// the resolver, which keeps to times of its own (resolv.conf(5)).
    func connect(by deadline: Deadline) throws(StorageError) -> Int32 {
        switch self {
        case .socket(let path):
            return try Self.connect(toSocket: path, by: deadline)
        case .address(let address):
            var hints = unsafe addrinfo()
            unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
            unsafe hints.ai_flags = AI_ADDRCONFIG
            var list: UnsafeMutablePointer<addrinfo>?
            let status = unsafe getaddrinfo(address.host, "\(address.port)", &hints, &list)
            guard status == 0 else {
                let reason = unsafe String(cString: gai_strerror(status))
                throw Self.failure(reason)
            }
            defer { unsafe freeaddrinfo(list) }
            var failure = Self.failure("the host has no address")
            var next = unsafe list
            while let entry = unsafe next?.pointee {
                do throws(StorageError) {
                    return unsafe try Self.connect(
                        entry.ai_family,
                        entry.ai_addr,
                        entry.ai_addrlen,
                        by: deadline
                    )
                } catch {
                    failure = error
                }
                unsafe next = entry.ai_next
            }
            throw failure
        }
    }

    private static func connect(
        toSocket path: String,
        by deadline: Deadline
    ) throws(StorageError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
            unsafe target.copyBytes(from: path.utf8.prefix(target.count - 1))
        }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let outcome: Result<Int32, StorageError> = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                Result { () throws(StorageError) in
                    unsafe try connect(AF_UNIX, pointer, length, by: deadline)
                }
            }
        }
        return try outcome.get()
    }

    private static func connect(
        _ family: Int32,
        _ address: UnsafePointer<sockaddr>,
        _ length: socklen_t,
        by deadline: Deadline
    ) throws(StorageError) -> Int32 {
        let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let descriptor = Glibc.socket(family, CInt(kind), 0)
        guard descriptor >= 0 else { throw failure(errno) }
        var status: Int32 = 0
        if unsafe Glibc.connect(descriptor, address, length) != 0 { status = errno }
        if status == EINPROGRESS {
            guard deadline.wait(for: POLLOUT, of: descriptor) else {
                close(descriptor)
                throw .silentRedis
            }
            var size = socklen_t(MemoryLayout<Int32>.size)
            unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &status, &size)
        }
        guard status == 0 else {
            close(descriptor)
            throw failure(status)
        }
        if family != AF_UNIX { setWithoutDelay(descriptor) }
        return descriptor
    }

    /// A request is one small packet: it is sent at once.
    private static func setWithoutDelay(_ descriptor: Int32) {
        var one: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        unsafe setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &one, size)
    }

    private static func failure(_ status: Int32) -> StorageError {
        failure(unsafe String(cString: strerror(status)))
    }

    private static func failure(_ reason: String) -> StorageError {
        .unavailable(code: "unreachable", detail: "cannot connect to Redis: \(reason)")
    }
}
