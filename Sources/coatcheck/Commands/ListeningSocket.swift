import Foundation

/// Whether anybody waits for connections on a unix socket.
enum ListeningSocket {
    /// Whether a process listens there, be it Coatcheck or systemd in its place.
    ///
    /// The table of the system is looked at first, because connecting would make systemd start the
    /// service. It does not show sockets of other network namespaces, and a text that changes while
    /// it is read may lack a line, so whoever is not in it is asked.
    static func isServed(_ path: String) -> Bool {
        let table = FileManager.default.contents(atPath: "/proc/net/unix") ?? Data()
        // Names that others chose may be no UTF-8.
        return isListed(path, in: String(decoding: table, as: UTF8.self))
            || FastCGIClient(path: path).isListenedOn
    }

    /// Looks in /proc/net/unix: eight columns, the fourth the flags, the last the path (proc(5)).
    static func isListed(_ path: String, in table: String) -> Bool {
        table.split(separator: "\n").contains { line in
            let fields = line.split(separator: " ", maxSplits: 7)
            // 0x10000 is __SO_ACCEPTCON of Linux's net.h: a socket that accepts connections.
            return fields.count == 8 && fields[3] == "00010000" && fields[7] == path
        }
    }
}
