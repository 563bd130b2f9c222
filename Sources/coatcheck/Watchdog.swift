internal import FastCGI
internal import Telemetry

/// Tells systemd at intervals that the service is well, as long as its workers get on.
///
/// WatchdogSec= of the unit asks for it, and systemd starts a service anew that keeps silent. Being
/// well is what the workers do and not that a timer runs: no request may wait at the socket while
/// none has been begun, ended or set aside for a whole interval. Whatever a worker may wait for
/// (a peer, a hash, a lock) has a limit of ten seconds at most, so the interval, half of
/// WatchdogSec=, should be longer than that.
struct Watchdog {
    private let supervisor: Supervisor
    private let pool: WorkerPool
    private let recorder: Recorder
    private var progress: UInt64

    init(_ supervisor: Supervisor, _ pool: WorkerPool, _ recorder: Recorder) {
        self.supervisor = supervisor
        self.pool = pool
        self.recorder = recorder
        progress = pool.progress
    }

    /// How long to wait between two looks, in milliseconds; `nil` when nobody wants to know.
    var interval: Int? { supervisor.interval }

    /// Looks how the workers have been doing since the last look, and tells.
    mutating func look() {
        let before = progress
        progress = pool.progress
        if progress == before, pool.hasWaitingConnection {
            recorder.record(.workersStalled)
            supervisor.tell("STATUS=Stalled: requests wait and no worker moves")
            return
        }
        let trouble = recorder.takeStorageTrouble()
        supervisor.tell("WATCHDOG=1\nSTATUS=" + (trouble ?? "Answering requests"))
    }
}
