import Glibc

/// Tells systemd how the service is doing (sd_notify(3)).
///
/// Without NOTIFY_SOCKET in the environment nobody asked, and nothing is sent.
struct Supervisor {
    private let address: [UInt8]?
    /// How often systemd is to hear that the service is well; `nil` for never.
    ///
    /// It is a third of what WatchdogSec= says, so that one word that comes late does no harm
    /// (sd_watchdog_enabled(3) asks for half or less).
    let interval: Duration?

    /// Takes what systemd says out of the environment, so that no child takes it for its own.
    init() {
        interval = Supervisor.watchdogInterval()
        guard let value = unsafe getenv("NOTIFY_SOCKET") else {
            address = nil
            return
        }
        var address = unsafe Array(String(cString: value).utf8)
        // An address that begins with "@" is abstract (unix(7)): its first byte is NUL.
        if address.first == UInt8(ascii: "@") { address[0] = 0 }
        self.address = address
        unsafe unsetenv("NOTIFY_SOCKET")
    }

    private static func watchdogInterval() -> Duration? {
        defer { for name in ["WATCHDOG_USEC", "WATCHDOG_PID"] { unsafe unsetenv(name) } }
        guard let time = unsafe getenv("WATCHDOG_USEC"),
            let microseconds = unsafe Int(String(cString: time)), microseconds > 0
        else { return nil }
        if let process = unsafe getenv("WATCHDOG_PID") {
            guard unsafe Int32(String(cString: process)) == getpid() else { return nil }
        }
        return .microseconds(microseconds) / 3
    }

    /// Sends lines such as `READY=1`.
    func tell(_ state: String) {
        var target = sockaddr_un()
        let capacity = MemoryLayout.size(ofValue: target.sun_path)
        guard let address, !address.isEmpty, address.count < capacity else { return }
        target.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &target.sun_path) {
            unsafe $0.copyBytes(from: address)
        }
        let length = MemoryLayout.offset(of: \sockaddr_un.sun_path).map { $0 + address.count }
        let socket = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0, let length else { return }
        defer { close(socket) }
        unsafe withUnsafePointer(to: &target) { target in
            unsafe target.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                let bytes = Array(state.utf8)
                _ = unsafe sendto(
                    socket,
                    bytes,
                    bytes.count,
                    CInt(MSG_NOSIGNAL),
                    target,
                    socklen_t(length)
                )
            }
        }
    }
}
