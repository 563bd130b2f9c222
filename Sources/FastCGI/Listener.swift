internal import CLinux
import Glibc

/// A listening socket from which workers accept connections.
///
/// It is either bound by us or handed over by systemd. It is never shut down: systemd's copy of
/// the same socket would be dead for the process that comes after us.
@safe
package struct Listener: ~Copyable, Sendable {
    /// The most connections that may wait to be accepted.
    ///
    /// On a unix socket a full backlog refuses at once, and nginx answers 502; 4096 is Linux's
    /// default `net.core.somaxconn` (listen(2)), which caps it anyway.
    package static let backlog: CInt = 4096

    /// What to call the socket in a log: its path, or "systemd".
    package let place: String
    /// The socket, non-blocking and closed on exec.
    let descriptor: CInt
    /// The file that says this process serves the path; its lock ends with the process.
    private let lock: CInt

    private init(place: String, descriptor: CInt, lock: CInt) {
        self.place = place
        self.descriptor = descriptor
        self.lock = lock
    }

    deinit {
        Glibc.close(descriptor)
        if lock >= 0 { Glibc.close(lock) }
    }

    /// Binds a unix socket at `path`.
    ///
    /// One process serves a path: `path` + `.lock` is locked for as long as the listener lives.
    /// With the lock in hand a socket file that is there belongs to nobody and is removed. Rights
    /// are set between bind(2) and listen(2), while connecting is refused to everybody. The file
    /// is left behind at the end; the next process replaces it.
    ///
    /// - Parameters:
    ///   - mode: the rights of the socket file; connecting needs the right to write.
    ///   - group: the group of the socket file by name, or `nil` to leave it.
    /// - Throws: `.pathTooLong`, `.alreadyServed`, `.unknownGroup`, or `.system` for what the
    ///   operating system refused.
    package static func bind(
        path: String,
        mode: UInt32 = 0o660,
        group: String? = nil
    ) throws(ListenerError) -> Listener {
        var address = try unixAddress(path)
        var owner = gid_t.max  // chown(2): -1 leaves the group as it is
        if let group {
            guard let number = groupNumber(of: group) else { throw .unknownGroup(group) }
            owner = number
        }
        let lock = unsafe Glibc.open(
            path + ".lock",
            O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
            0o600
        )
        guard lock >= 0 else { throw .system("open \(path).lock", errno) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            Glibc.close(lock)
            throw .alreadyServed(path)
        }
        let descriptor = socket(
            AF_UNIX,
            CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue),
            0
        )
        // From here on the listener owns both descriptors and closes them when a step fails.
        let listener = Listener(place: path, descriptor: descriptor, lock: lock)
        guard descriptor >= 0 else { throw .system("socket", errno) }
        try removeStaleSocket(path)
        let bound = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw .system("bind \(path)", errno) }
        guard unsafe chmod(path, mode) == 0 else { throw .system("chmod \(path)", errno) }
        guard unsafe chown(path, uid_t.max, owner) == 0 else {
            throw .system("chown \(path)", errno)
        }
        guard listen(descriptor, backlog) == 0 else { throw .system("listen \(path)", errno) }
        return listener
    }

    /// Takes over the socket that systemd passed (sd_listen_fds(3)), if it passed one.
    ///
    /// The variables are removed, so that no child process takes them for its own.
    ///
    /// - Returns: `nil` when this process was not started by socket activation.
    /// - Throws: `.inherited` when what was passed is not one listening stream socket.
    package static func inherited() throws(ListenerError) -> Listener? {
        defer {
            for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
        }
        guard
            let process = unsafe getenv("LISTEN_PID"), let count = unsafe getenv("LISTEN_FDS"),
            unsafe Int32(String(cString: process)) == getpid()
        else { return nil }
        guard unsafe String(cString: count) == "1" else {
            throw .inherited("exactly one socket must be passed in LISTEN_FDS")
        }
        let first: CInt = 3  // SD_LISTEN_FDS_START, sd_listen_fds(3)
        var listening: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        guard
            unsafe getsockopt(first, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0,
            listening == 1
        else { throw .inherited("descriptor 3 is not a listening socket") }
        guard
            fcntl(first, F_SETFD, FD_CLOEXEC) == 0,
            fcntl(first, F_SETFL, fcntl(first, F_GETFL) | O_NONBLOCK) == 0
        else { throw .system("fcntl", errno) }
        return Listener(place: "systemd", descriptor: first, lock: -1)
    }

    /// The number of a group; `nil` when there is none of that name (getgrnam_r(3)).
    private static func groupNumber(of name: String) -> gid_t? {
        // What a group takes has no limit; this is room for some tens of thousands of members.
        let size = 1 << 20
        var room = [CChar](repeating: 0, count: size)
        var entry = unsafe group()
        var found: UnsafeMutablePointer<group>?
        guard unsafe getgrnam_r(name, &entry, &room, size, &found) == 0, unsafe found != nil else {
            return nil
        }
        return unsafe entry.gr_gid
    }

    /// Removes the socket file of a process that has ended; anything else is left alone.
    private static func removeStaleSocket(_ path: String) throws(ListenerError) {
        var information = stat()
        guard unsafe lstat(path, &information) == 0 else { return }
        guard information.st_mode & S_IFMT == S_IFSOCK else { throw .noSocket(path) }
        guard unsafe unlink(path) == 0 else { throw .system("unlink \(path)", errno) }
    }

    private static func unixAddress(_ path: String) throws(ListenerError) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < capacity, !bytes.contains(0) else { throw .pathTooLong(path) }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        return address
    }
}

/// Why there is no listening socket.
package enum ListenerError: Error, Hashable, Sendable {
    /// The path does not fit into the 107 bytes of a unix(7) address.
    case pathTooLong(String)
    /// Another process serves the path.
    case alreadyServed(String)
    /// There is something at the path that is no socket.
    case noSocket(String)
    /// There is no group of that name.
    case unknownGroup(String)
    /// systemd passed something else than one listening socket.
    case inherited(String)
    /// The operating system refused a call, with its error number.
    case system(String, CInt)
}

extension ListenerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .pathTooLong(let path):
            "the socket path \(path) is too long: unix(7) allows 107 bytes"
        case .alreadyServed(let path): "another process already serves \(path)"
        case .noSocket(let path): "\(path) exists and is no socket"
        case .unknownGroup(let group): "there is no group \(group)"
        case .inherited(let reason): "socket activation: \(reason)"
        case .system(let call, let number): unsafe "\(call): \(String(cString: strerror(number)))"
        }
    }
}
