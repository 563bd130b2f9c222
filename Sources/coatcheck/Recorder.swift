import Glibc
internal import Sessions
internal import Telemetry

/// Where events go: into the log, the audit trail and the metrics.
final class Recorder: Sendable {
    /// What is counted.
    let metrics: Metrics
    /// What waits to be written into the store.
    let trail: AuditTrail
    private let log: Current<Log>
    /// The last failure of storage that nobody has asked for yet, in words.
    private let trouble = Locked<String?>(nil)

    /// A way of writing the log.
    private final class Log: Sendable {
        let events: EventLog

        init(_ events: EventLog) { self.events = events }
    }

    init(log: EventLog, metrics: Metrics, trail: AuditTrail) {
        self.log = Current(Log(log))
        self.metrics = metrics
        self.trail = trail
    }

    /// Takes an event; it never waits.
    @Sendable
    func record(_ event: Event) {
        metrics.count(event)
        trail.record(event, at: Int64(time(nil)))
        log.value.events.record(event)
        if case .storageFailed(let code, _, let operation) = event {
            trouble.withLock { $0 = "Storage fails: \(code), during \(operation)" }
        }
    }

    /// The last failure of storage since the last time that somebody asked, in words.
    func takeStorageTrouble() -> String? {
        trouble.withLock { words in
            defer { words = nil }
            return words
        }
    }

    /// Writes the log in another way from now on.
    func replaceLog(_ log: EventLog) {
        self.log.replace(with: Log(log))
    }
}
