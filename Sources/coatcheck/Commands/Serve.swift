internal import ArgumentParser
import Dispatch
internal import FastCGI
import Glibc
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
        let log = EventLog(threshold: settings[.logLevel])
        let supervisor = Supervisor()
        do {
            let storage = try SQLiteStorage(
                path: settings[.storagePath],
                readers: settings[.workers]
            )
            let house = try House(settings, storage: storage, record: log.record)
            let listener = try listen(settings)
            let place = listener.place
            let pool = try WorkerPool(
                listener: listener,
                workers: settings[.workers],
                report: { log.record(Event($0)) },
                respond: house.gateway.respond
            )
            if !settings[.cookieSecure] { log.record(.cookieNotSecure) }
            log.record(
                .started(
                    version: Coatcheck.version,
                    listeningOn: place,
                    workers: settings[.workers]
                )
            )
            supervisor.tell("READY=1\nSTATUS=Answering requests")

            let signal = signals.wait()
            supervisor.tell("STOPPING=1\nSTATUS=Finishing requests")
            log.record(.stopping(signal: signal))
            let answeredAll = pool.stop(within: Int(settings[.stopDeadline]))
            finish { await house.close() }
            try storage.close()
            log.record(.stopped(answeredAll: answeredAll))
        } catch let error as ListenerError {
            throw Failure(error.description)
        } catch let error as StorageError {
            throw Failure("cannot use \(settings[.storagePath]): \(error.reason)")
        }
    }

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

    /// Waits on the main thread, on which nothing else runs, for asynchronous work to end.
    private func finish(_ work: @escaping @Sendable () async -> Void) {
        let ended = DispatchSemaphore(value: 0)
        Task {
            await work()
            ended.signal()
        }
        ended.wait()
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
        switch self {
        case .unavailable(let code, let detail): "\(code) (\(detail))"
        case .duplicate, .unknownUser: "\(self)"
        }
    }
}
