import Glibc
import Synchronization

/// Writes events as logfmt lines to standard error.
///
/// A line is `time=2026-01-31T12:00:00Z level=info event=authn_login_success user=… …`, written
/// by one write(2). A log that nobody reads must not hold up requests: while there is no room for a
/// line it is dropped, and the next one says how many were (`dropped_before`). Where standard error is the journal the line begins with its priority. Values cannot forge a line or a field: what is not plain is quoted, and
/// control characters are escaped (ASVS 16.4.1).
package struct EventLog: Sendable {
    private let threshold: Severity
    private let hasPriorities: Bool

    /// Creates a log of the events that matter at least as much as `threshold`.
    package init(threshold: Severity, hasPriorities: Bool = EventLog.isJournal) {
        self.threshold = threshold
        self.hasPriorities = hasPriorities
    }

    /// Writes an event, if it matters enough.
    package func record(_ event: Event) {
        guard event.severity >= threshold else { return }
        var room = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&room, 1, 0) == 1 else {
            EventLog.dropped.add(1, ordering: .relaxed)
            return
        }
        var line = EventLog.line(event, at: Int64(time(nil)), hasPriority: hasPriorities)
        let missing = EventLog.dropped.exchange(0, ordering: .relaxed)
        if missing > 0 { line = line.dropLast() + " dropped_before=\(missing)\n" }
        unsafe Array(line.utf8).withUnsafeBytes { bytes in
            _ = unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }

    /// How many lines were dropped since the last one that was written.
    private static let dropped = Atomic(0)

    /// Whether standard error is the journal.
    ///
    /// JOURNAL_STREAM names the device and inode of the journal's socket (systemd.exec(5)).
    /// Children inherit the variable, but not always the socket.
    package static var isJournal: Bool {
        var information = stat()
        guard
            let variable = unsafe getenv("JOURNAL_STREAM"),
            unsafe fstat(STDERR_FILENO, &information) == 0
        else { return false }
        return unsafe String(cString: variable)
            == "\(information.st_dev):\(information.st_ino)"
    }

    /// Formats an event, with the line's end.
    package static func line(_ event: Event, at seconds: Int64, hasPriority: Bool) -> String {
        var line = hasPriority ? "<\(event.severity.journalPriority)>" : ""
        line += "time=\(UTC.text(seconds)) level=\(event.severity) event=\(event.name)"
        for field in event.fields { line += " \(field.name)=\(quoted(field.value))" }
        return line + "\n"
    }

    private static func quoted(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy { byte in
            (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"")
                && byte != UInt8(ascii: "=") && byte != UInt8(ascii: "\\")
        }
        guard !isPlain || value.isEmpty else { return value }
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value),
                "\u{2028}", "\u{2029}":
                text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
