internal import Accounts
import Glibc
internal import Routes
internal import Sessions
internal import Storage
internal import Telemetry

/// Everything behind the workers, wired together in the order of the request's way.
struct House: Sendable {
    /// Where a worker hands its request in.
    let gateway: Gateway
    private let hasher: PasswordHasher
    private let upkeep: Upkeep

    /// Wires the parts and starts the timers.
    init(_ settings: Settings, storage: SQLiteStorage, record: @escaping EventSink) throws {
        let now: @Sendable () -> Timestamp = { Timestamp(seconds: Int64(time(nil))) }
        let sessions = SessionStore(
            storage: storage,
            policy: settings.sessionPolicy,
            capacity: settings[.sessionCache]
        )
        // A worker whose request waits for a hash is occupied; one at least must stay free for
        // requests that need no hash.
        hasher = PasswordHasher(
            cost: HashingCost(
                memoryKiB: settings[.passwordMemory],
                passes: settings[.passwordPasses]
            ),
            lanes: settings[.passwordLanes],
            capacity: min(settings[.passwordQueue], settings[.workers] - 1)
        )
        let accounts = Accounts(
            storage: storage,
            hasher: hasher,
            rules: PasswordRules(minimumLength: settings[.passwordMinimum]),
            now: now
        )
        let site = try Site(
            accounts: accounts,
            sessions: sessions,
            cookie: settings.sessionCookie,
            returnHosts: settings[.nextHosts],
            passwordMinimum: settings[.passwordMinimum],
            now: now,
            record: record,
            isReady: { await storage.canBeRead }
        )
        gateway = Gateway(site: site)
        upkeep = Upkeep(
            storage: storage,
            sessions: sessions,
            sweepInterval: settings[.sessionSweep],
            now: now,
            record: record
        )
    }

    /// Stops the timers and the hashing, and writes what has gathered.
    func close() async {
        hasher.stop()
        await upkeep.stop()
    }
}

extension SQLiteStorage {
    /// Whether a look-up succeeds, whatever it finds.
    fileprivate var canBeRead: Bool {
        get async {
            do throws(StorageError) {
                _ = try await find(Ticket.random().digest)
                return true
            } catch {
                return false
            }
        }
    }
}

extension Settings {
    /// How long sessions last.
    var sessionPolicy: SessionPolicy {
        SessionPolicy(
            standard: SessionPolicy.Limits(
                absolute: self[.sessionAbsolute],
                idle: self[.sessionIdle]
            ),
            remembered: SessionPolicy.Limits(
                absolute: self[.sessionRememberAbsolute],
                idle: self[.sessionRememberIdle]
            ),
            sessionsPerAccount: self[.sessionPerAccount]
        )
    }

    /// The session cookie.
    var sessionCookie: SessionCookie {
        let path = self[.cookiePath]
        return SessionCookie(
            name: self[.cookieName],
            path: path.isEmpty ? nil : path,
            isSecure: self[.cookieSecure]
        )
    }

    /// What the settings make of the cookie, and why.
    var cookieExplanation: String {
        guard self[.cookieSecure] else {
            return "The session cookie is named \(self[.cookieName]), without a prefix, because "
                + "cookie.secure is false: it travels over plain http."
        }
        return switch self[.cookiePath] {
        case "/": "The session cookie is named __Host-\(self[.cookieName]): its path is /."
        case "":
            "The session cookie is named __Host-\(self[.cookieName]) when Coatcheck is mounted "
                + "at /, and __Secure-\(self[.cookieName]) below another mount, whose path it "
                + "gets: browsers keep __Host- cookies for the path / only."
        case let path:
            "The session cookie is named __Secure-\(self[.cookieName]), because its path is "
                + "\(path): browsers keep __Host- cookies for the path / only."
        }
    }
}
