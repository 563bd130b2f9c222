import Glibc
internal import Telemetry

/// Where events go: into the log, the audit trail and the metrics.
final class Recorder: Sendable {
    /// What is counted.
    let metrics: Metrics
    /// What waits to be written into the store.
    let trail: AuditTrail
    private let log: Current<Log>

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
    }

    /// Writes the log in another way from now on.
    func replaceLog(_ log: EventLog) {
        self.log.replace(with: Log(log))
    }
}
