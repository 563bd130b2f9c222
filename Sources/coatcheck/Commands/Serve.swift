internal import ArgumentParser
internal import FastCGI
import Glibc
internal import Routes
internal import Sessions
internal import Storage
internal import Telemetry

/// `coatcheck serve`: answers requests until SIGTERM or SIGINT.
///
/// It runs on the main thread, which does nothing but start everything, wait for a signal and
/// stop everything.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer requests from nginx until SIGTERM or SIGINT."
    )

    @OptionGroup var options: SettingsOptions

    func run() throws {
        // Before any thread is started: threads inherit the mask, and a worker that a signal
        // interrupts loses its request.
        let signals = Signals.block()
        let settings = try options.load()
        let recorder = Recorder(
            log: settings.eventLog,
            metrics: Metrics(routes: Site.routePaths + ["guard", "none"]),
            trail: AuditTrail()
        )
        let supervisor = Supervisor()
        do {
            let storage = try Engines.connect(settings, readers: settings[.workers])
            // Its threads must have ended before the process does, also when it cannot serve.
            defer { try? storage.close() }
            let house = try House(settings, storage: storage, recorder: recorder)
            try wait {
                try await Engines.refuseUnfinishedMove(to: storage, settings)
                try await house.open()
            }
            let listener = try listen(settings)
            let place = listener.place
            let gateway = house.gateway
            let pool = try WorkerPool(
                listener: listener,
                workers: settings[.workers],
                report: { event in
                    recorder.record(Event(event))
                    if case .acceptFailed(_, isFatal: true) = event { Signals.askToStop() }
                },
                respond: { request in await gateway.respond(to: request) }
            )
            if !settings[.cookieSecure] { recorder.record(.cookieNotSecure) }
            for engine in Engines.look(at: settings) {
                for reason in engine.warnings {
                    recorder.record(.engineDoubtful(setting: engine.setting, reason: reason))
                }
            }
            recorder.record(
                .started(
                    version: Coatcheck.version,
                    listeningOn: place,
                    workers: settings[.workers]
                )
            )
            supervisor.tell("READY=1\nSTATUS=Answering requests")

            let signal = obey(signals, settings, house, Watchdog(supervisor, pool, recorder))
            supervisor.tell("STOPPING=1\nSTATUS=Finishing requests")
            recorder.record(.stopping(signal: signal))
            let deadline = ContinuousClock.now + .seconds(settings[.stopDeadline])
            let answeredAll = pool.stop(within: Int(settings[.stopDeadline]))
            let patience = max(deadline - .now, Self.lastWrites)
            // Closed storage fails at once whatever waits for it.
            try wait(for: { await house.close() }, patience: patience) { try? storage.close() }
            try storage.close()
            recorder.record(.stopped(answeredAll: answeredAll))
            if pool.hasLostSocket { throw Failure("the listening socket is broken") }
        } catch let error as ListenerError {
            throw Failure(error.description)
        } catch let error as StorageError {
            throw Failure(opening: settings.storageName, error)
        }
    }

    /// How long the last writes may take where the requests have used up the time for a stop.
    private static let lastWrites = Duration.seconds(1)

    /// Takes systemd's socket, or binds one.
    private func listen(_ settings: Settings) throws(ListenerError) -> Listener {
        if let inherited = try Listener.inherited() { return inherited }
        let group = settings[.socketGroup]
        return try Listener.bind(
            path: settings[.socketPath],
            mode: settings[.socketMode],
            group: group.isEmpty ? nil : group
        )
    }

    /// Reads the settings again at each SIGHUP; returns the name of the signal that ends it.
    ///
    /// Settings that are wrong change nothing, and those that need a restart keep their values.
    private func obey(
        _ signals: Signals,
        _ settings: Settings,
        _ house: House,
        _ watchdog: Watchdog
    ) -> String {
        var settings = settings
        var watchdog = watchdog
        while true {
            let signal = signals.wait(atMost: watchdog.timeLeft)
            watchdog.lookWhenDue()
            switch signal {
            case nil: continue
            case .stop(let signal): return signal
            case .reload:
                do {
                    let new = try options.reload()
                    let fixed = settings.needingRestart(to: new)
                    settings = new.keepingFixed(of: settings)
                    try wait { [settings] in try await house.reload(settings) }
                    house.recorder.record(.settingsReloaded(needingRestart: fixed))
                } catch {
                    house.recorder.record(.settingsRefused(reason: "\(error)"))
                }
            }
        }
    }
}

extension Event {
    /// What a worker noticed, as an event.
    init(_ event: WorkerEvent) {
        switch event {
        case .acceptFailed(let code, let isFatal):
            self = .acceptFailed(errno: Int(code), isFatal: isFatal)
        case .malformedRequest: self = .malformedFastCGIRequest
        }
    }
}

extension StorageError {
    /// The error in words, for the operator.
    var reason: String {
        guard case .unavailable(let code, let detail) = self else { return "\(self)" }
        return "\(code) (\(detail))"
    }
}
