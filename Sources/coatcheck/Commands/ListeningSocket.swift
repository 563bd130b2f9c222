import Foundation

/// Whether anybody waits for connections on a unix socket.
enum ListeningSocket {
    /// Whether a process of this machine listens at a path, be it Coatcheck or systemd in its place.
    ///
    /// It does not connect: that would make systemd start the service.
    static func isServed(_ path: String) -> Bool {
        let table = try? String(contentsOfFile: "/proc/net/unix", encoding: .utf8)
        return isServed(path, in: table ?? "")
    }

    /// Looks in /proc/net/unix: eight columns, the fourth the flags, the last the path (proc(5)).
    static func isServed(_ path: String, in table: String) -> Bool {
        table.split(separator: "\n").contains { line in
            let fields = line.split(separator: " ", maxSplits: 7)
            // 0x10000 is __SO_ACCEPTCON of Linux's net.h: a socket that accepts connections.
            return fields.count == 8 && fields[3] == "00010000" && fields[7] == path
        }
    }
}
