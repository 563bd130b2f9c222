internal import FastCGI
internal import Telemetry

/// Tells systemd at intervals that the service is well, as long as its workers get on.
///
/// WatchdogSec= of the unit asks for it, and systemd starts a service anew that keeps silent. Being
/// well is what the workers do and not that a timer runs: no request may wait at the socket from
/// one look to the next while none is begun, ended or set aside. What a worker may wait for (a
/// peer, a hash, a lock) has a limit of ten seconds; looks are further apart with the WatchdogSec=
/// of the unit. A disk that hangs for longer is taken for a stall.
struct Watchdog {
    private let supervisor: Supervisor
    private let pool: WorkerPool
    private let recorder: Recorder
    private var progress: UInt64
    private var wasWaiting = false
    private var due: ContinuousClock.Instant

    init(_ supervisor: Supervisor, _ pool: WorkerPool, _ recorder: Recorder) {
        self.supervisor = supervisor
        self.pool = pool
        self.recorder = recorder
        progress = pool.progress
        due = .now + (supervisor.interval ?? .zero)
    }

    /// How long it is until the next look; `nil` when nobody wants to know.
    var timeLeft: Duration? { supervisor.interval.map { _ in max(.zero, due - .now) } }

    /// Looks how the workers have been doing since the last look, and tells, when that is due.
    mutating func lookWhenDue() {
        guard let interval = supervisor.interval, .now >= due else { return }
        due = .now + interval
        let hasMoved = pool.progress != progress
        let isWaiting = pool.hasWaitingConnection
        defer {
            progress = pool.progress
            wasWaiting = isWaiting
        }
        if wasWaiting, isWaiting, !hasMoved {
            recorder.record(.workersStalled)
            supervisor.tell("STATUS=Stalled: requests wait and no worker moves")
            return
        }
        let trouble = recorder.takeStorageTrouble()
        supervisor.tell("WATCHDOG=1\nSTATUS=" + (trouble ?? "Answering requests"))
    }
}
