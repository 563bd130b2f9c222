internal import Accounts
import Foundation
import Glibc
internal import Sessions
internal import Storage
internal import Telemetry

/// The accounts and sessions of a running server, for the commands beside it.
///
/// The commands work on the same storage; every server notices a change within a fifth of a second
/// (`StorageEngine.changesOfOthers`). What they do stands in the audit trail, under the name of
/// whoever called them.
struct LiveStore: Sendable {
    let storage: any StorageEngine
    let accounts: Accounts
    let settings: Settings
    /// Who calls, as the audit trail names them.
    let caller: String
    /// Where the events of commands come from.
    let origin: Event.Origin

    /// Opens the store that the settings name, does something with it, and closes it before the
    /// process ends.
    static func use(
        _ settings: Settings,
        _ work: @escaping @Sendable (LiveStore) async throws -> Void
    ) throws {
        try wait {
            let store = try await LiveStore(settings)
            // What was done is kept by then, so an error changes nothing.
            defer { try? store.storage.close() }
            try await work(store)
        }
    }

    /// Opens the store that the settings name.
    ///
    /// Called by root it becomes the owner of the database first: files that SQLite makes beside it
    /// must belong to the service, or the server could not write to them.
    init(_ settings: Settings) async throws {
        // Both before root becomes somebody else.
        caller = "console:" + LiveStore.callerName
        origin = LiveStore.console
        if !settings.isShared { try LiveStore.becomeOwner(of: settings[.storagePath]) }
        let storage = try await Engines.open(settings, readers: 1)
        self.storage = storage
        self.settings = settings
        accounts = Accounts(
            storage: storage,
            hasher: PasswordHasher(cost: settings.hashingCost, lanes: 1, capacity: 2),
            rules: settings.passwordRules,
            throttle: LoginThrottle(policy: settings.throttlePolicy, capacity: 1024),
            terms: settings.terms,
            now: LiveStore.now
        )
    }

    /// The server's clock.
    static let now: @Sendable () -> Timestamp = { Timestamp(seconds: Int64(time(nil))) }

    /// Finds an account by its name, email address or id.
    func user(_ text: String) async throws -> User {
        guard let user = try await accounts.find(text) else {
            throw Failure("there is no account \(text)")
        }
        return user
    }

    /// Writes what was done into the audit trail.
    func note(_ events: [Event]) async throws {
        let now = LiveStore.now().seconds
        try await storage.append(events.compactMap { AuditRecord($0, at: now) })
    }

    /// Where the events of whoever runs this process come from.
    static var console: Event.Origin { .console(user: callerName) }

    /// The name behind sudo, or that of the account that runs the command.
    private static var callerName: String {
        if let name = unsafe getenv("SUDO_USER").map({ unsafe String(cString: $0) }), !name.isEmpty
        {
            return name
        }
        guard let entry = unsafe getpwuid(getuid()) else { return "uid \(getuid())" }
        return unsafe String(cString: entry.pointee.pw_name)
    }

    /// Becomes the owner of the database's folder, or of the database where the folder is root's.
    ///
    /// In somebody else's folder root would follow whatever links its owner puts there.
    static func becomeOwner(of path: String) throws {
        guard geteuid() == 0 else { return }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var file = stat()
        guard unsafe stat(folder, &file) == 0 else { return }
        if file.st_uid == 0 { guard unsafe lstat(path, &file) == 0 else { return } }
        guard file.st_uid != 0 else { return }
        guard setgroups(0, nil) == 0, setgid(file.st_gid) == 0, setuid(file.st_uid) == 0 else {
            throw Failure("cannot become the owner of \(path)")
        }
    }
}
