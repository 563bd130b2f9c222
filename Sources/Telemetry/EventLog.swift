import Glibc
import Synchronization

/// Writes events as lines to standard error.
///
/// A line has the time in UTC, the level, the event and its fields, in the format that was chosen,
/// and is written by one write(2). A log that nobody reads must not hold up requests: while there
/// is no room for a line, or it cannot be written, it is dropped, and the next one says how many
/// were (`dropped_before`).
/// Lines that an outsider can cause at will are bounded by `EventRate`; the next one of the same
/// event says how many were held back (`suppressed`). Where standard error is the journal the line
/// begins with its priority.
package struct EventLog: Sendable {
    private let threshold: Severity
    private let format: LogFormat
    private let hasPriorities: Bool
    private let rate = EventRate()

    /// Creates a log of the events that matter at least as much as `threshold`.
    package init(
        threshold: Severity,
        format: LogFormat = .logfmt,
        hasPriorities: Bool = EventLog.isJournal
    ) {
        self.threshold = threshold
        self.format = format
        self.hasPriorities = hasPriorities
    }

    /// Writes an event, if it matters enough.
    package func record(_ event: Event) {
        guard event.severity >= threshold else { return }
        let now = Int64(time(nil))
        guard let heldBack = rate.pass(event.eventName, at: now) else { return }
        var room = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&room, 1, 0) == 1 else {
            EventLog.dropped.wrappingAdd(1 + heldBack, ordering: .relaxed)
            return
        }
        let missing = EventLog.dropped.exchange(0, ordering: .relaxed)
        let line = EventLog.line(
            event,
            at: now,
            hasPriority: hasPriorities,
            format: format,
            suppressed: heldBack,
            droppedBefore: missing
        )
        let isWritten = unsafe Array(line.utf8).withUnsafeBytes { bytes in
            unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count) == bytes.count
        }
        // The log may be a file on a full disk.
        if !isWritten {
            EventLog.dropped.wrappingAdd(1 + heldBack + missing, ordering: .relaxed)
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

    /// Formats an event, with the line's end, in at most 4096 bytes.
    package static func line(
        _ event: Event,
        at seconds: Int64,
        hasPriority: Bool,
        format: LogFormat = .logfmt,
        suppressed: Int = 0,
        droppedBefore: Int = 0
    ) -> String {
        var fields: [Event.Field] = [
            ("time", UTC.text(seconds)), ("level", "\(event.severity)"), ("event", event.name),
        ]
        fields += event.fields
        if suppressed > 0 { fields.append(("suppressed", "\(suppressed)")) }
        if droppedBefore > 0 { fields.append(("dropped_before", "\(droppedBefore)")) }
        let priority = hasPriority ? "<\(event.severity.journalPriority)>" : ""
        return priority + format.text(fields) + "\n"
    }
}
