internal import Accounts
internal import FastCGI
import Glibc
internal import Routes
internal import Sessions
internal import Storage
internal import Telemetry

/// Everything behind the workers, wired together in the order of the request's way.
///
/// What holds state (store, throttle, hashing threads, metrics) is made once; the site, which is
/// made of the settings, is made anew when they are read again.
struct House: Sendable {
    /// Where a worker hands its request in.
    let gateway: Gateway
    /// Where events go.
    let recorder: Recorder
    private let storage: any StorageEngine
    private let sessions: SessionStore
    private let hasher: PasswordHasher
    private let throttle: LoginThrottle
    private let upkeep: Upkeep
    private let throttleCapacity: Int
    private let site: Current<Site>

    private static let now: @Sendable () -> Timestamp = { Timestamp(seconds: Int64(time(nil))) }

    /// Wires the parts and starts the timers.
    init(_ settings: Settings, storage: any StorageEngine, recorder: Recorder) throws {
        self.storage = storage
        self.recorder = recorder
        sessions = SessionStore(storage: storage, cacheBytes: settings[.sessionCache])
        // A worker whose request waits for a hash is occupied; one at least must stay free for
        // requests that need no hash.
        let most = settings[.workers] - 1
        let capacity = min(settings[.passwordQueue], most)
        hasher = PasswordHasher(
            cost: settings.hashingCost,
            lanes: settings[.passwordLanes],
            capacity: capacity,
            reserve: min(capacity / 4, most - capacity)
        )
        throttle = LoginThrottle(
            policy: settings.throttlePolicy,
            capacity: settings[.throttleCapacity]
        )
        site = Current(
            try House.site(settings, storage, sessions, hasher, throttle, recorder)
        )
        gateway = Gateway(site: site, metrics: recorder.metrics)
        throttleCapacity = settings[.throttleCapacity]
        upkeep = Upkeep(
            storage: storage,
            sessions: sessions,
            throttle: throttle,
            recorder: recorder,
            spans: settings.upkeepSpans,
            now: House.now
        )
    }

    /// Takes up what the throttle knew before the last stop.
    func open() async throws(StorageError) {
        await throttle.load(try await storage.throttleEntries(limit: throttleCapacity))
    }

    /// Answers by other settings from the next request on.
    func reload(_ settings: Settings) async throws {
        site.replace(
            with: try House.site(settings, storage, sessions, hasher, throttle, recorder)
        )
        recorder.replaceLog(settings.eventLog)
        await throttle.updatePolicy(settings.throttlePolicy)
        upkeep.update(settings.upkeepSpans)
    }

    /// Stops the timers and the hashing, and writes what has gathered.
    func close() async {
        hasher.stop()
        await upkeep.stop()
    }

    private static func site(
        _ settings: Settings,
        _ storage: any StorageEngine,
        _ sessions: SessionStore,
        _ hasher: PasswordHasher,
        _ throttle: LoginThrottle,
        _ recorder: Recorder
    ) throws -> Site {
        let accounts = Accounts(
            storage: storage,
            hasher: hasher,
            rules: settings.passwordRules,
            throttle: throttle,
            terms: settings.terms,
            now: now
        )
        let figures = Figures(
            storage: storage,
            sessions: sessions,
            hasher: hasher,
            throttle: throttle,
            workers: settings[.workers],
            files: settings.isShared ? nil : settings[.storagePath]
        )
        return try Site(
            accounts: accounts,
            sessions: sessions,
            choices: settings.siteChoices,
            now: now,
            record: recorder.record,
            surroundings: Site.Surroundings(
                isReady: { await storage.canBeUsed },
                metrics: { recorder.metrics.text(reading: await figures.readings()) },
                audit: { id throws(StorageError) in
                    try await storage.auditRecords(about: id)
                }
            )
        )
    }
}

extension StorageEngine {
    /// Whether the store can be read and written.
    fileprivate var canBeUsed: Bool {
        get async {
            do throws(StorageError) {
                _ = try await find(Ticket.random().digest)
                try await probe()
                return true
            } catch {
                return false
            }
        }
    }

    /// The newest lines of the audit trail about somebody, as many as one answer should hold.
    fileprivate func auditRecords(
        about id: PublicID
    ) async throws(StorageError) -> [AuditRecord] {
        var filter = AuditFilter()
        filter.user = id.text
        return try await auditRecords(matching: filter, limit: 10_000)
    }
}
