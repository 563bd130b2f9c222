internal import Accounts
internal import Foundation
internal import Glibc
internal import Sessions
internal import Storage
internal import Synchronization

/// A store in a folder of its own, with accounts and sessions in it.
///
/// Ten sessions belong to each account. The calls that measure leave as many as there were.
final class Stage: Sendable {
    private let storage: SQLiteStorage
    private let folder: URL
    private let users: [PublicID]
    /// The keys of the sessions.
    private let stored = Mutex<[TokenDigest]>([])
    private let clock = ContinuousClock()

    /// Makes a store with a number of sessions.
    init(sessions count: Int, in parent: String?) async throws {
        let parent = parent.map { URL(filePath: $0) } ?? FileManager.default.temporaryDirectory
        folder = parent.appending(path: "coatcheck-store-\(PublicID.random().text)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        storage = try SQLiteStorage(path: folder.appending(path: "store.db").path)
        users = (0..<max(1, count / 10)).map { _ in .random() }
        for start in stride(from: 0, to: users.count, by: 1000) {
            let some = users[start..<min(users.count, start + 1000)]
            _ = try await storage.insertAll(some.map(Self.account))
        }
        let keys = try await withThrowingTaskGroup { group in
            for caller in 0..<512 {
                group.addTask {
                    var keys: [TokenDigest] = []
                    for _ in stride(from: caller, to: count, by: 512) {
                        keys.append(try await self.begin())
                    }
                    return keys
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        stored.withLock { $0 = keys }
    }

    /// Closes the store and removes it.
    func close() throws {
        try storage.close()
        try FileManager.default.removeItem(at: folder)
    }

    // MARK: durable operations

    /// Measures sessions that begin and end in turn, by one caller and by many.
    func durable(
        rounds: Int,
        lasting time: Duration,
        callers: Int
    ) async throws -> Report.Durable {
        var row = Report.Durable(sessions: stored.withLock(\.count), callers: callers)
        for _ in 0..<rounds {
            row.one.append(try await turnover(callers: 1, lasting: time))
            row.many.append(try await turnover(callers: callers, lasting: time))
        }
        return row
    }

    /// Ends sessions and begins others for a time, and returns how many operations a second were.
    ///
    /// Each caller has a share of the sessions, so every operation does something.
    private func turnover(callers: Int, lasting time: Duration) async throws -> Report.Rate {
        let keys = stored.withLock { $0 }
        let shares = (0..<callers).map { caller in
            Array(keys[(caller * keys.count / callers)..<((caller + 1) * keys.count / callers)])
        }
        let start = clock.now
        let before = Self.processorTime
        let end = start + time
        let results = try await withThrowingTaskGroup { group in
            for share in shares {
                group.addTask { try await self.turnOver(share, until: end) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        stored.withLock { $0 = results.flatMap(\.keys) }
        let count = Double(results.reduce(0) { $0 + $1.count })
        return Report.Rate(
            perSecond: count / Self.seconds(clock.now - start),
            processor: (Self.processorTime - before) / count
        )
    }

    /// Ends one session after the other and begins a new one in its place, until it is time.
    private func turnOver(
        _ share: [TokenDigest],
        until end: ContinuousClock.Instant
    ) async throws -> (keys: [TokenDigest], count: Int) {
        var keys = share
        var count = 0
        while clock.now < end {
            let index = Int.random(in: keys.indices)
            guard try await storage.remove(keys[index], at: Self.now) != nil else {
                preconditionFailure("a session of this caller was ended by somebody else")
            }
            keys[index] = try await begin()
            count += 2
        }
        return (keys, count)
    }

    /// Begins a session of any account and returns its key.
    private func begin() async throws -> TokenDigest {
        let user = users[.random(in: users.indices)]
        let session = Self.session(of: user)
        _ = try await storage.insert(
            session,
            for: Authentication(userID: user, credentialVersion: 1),
            keeping: .max,
            ending: []
        )
        return session.key
    }

    // MARK: look-ups

    /// Measures live and unknown tickets, alone and beside writers, and beside the end of all.
    ///
    /// No session is left afterwards.
    func lookups(rounds: Int, callers: Int) async throws -> [Report.Lookup] {
        let size = stored.withLock(\.count)
        var live = Report.Lookup(sessions: size, what: "a live ticket")
        var unknown = Report.Lookup(sessions: size, what: "an unknown ticket")
        var beside = Report.Lookup(sessions: size, what: "a live ticket, beside \(callers) writers")
        var beyond = Report.Lookup(sessions: size, what: "any ticket, while all sessions end")
        let none = (0..<20_000).map { _ in Self.key() }
        var some = none
        for _ in 0..<rounds {
            some = stored.withLock { keys in some.map { _ in keys[.random(in: keys.indices)] } }
            live.add(try await times(of: some))
            unknown.add(try await times(of: none))
            async let writers = turnover(callers: callers, lasting: .seconds(1))
            beside.add(try await times(of: some))
            _ = try await writers
        }
        async let everything = storage.removeAll(of: nil, except: nil, at: Self.now)
        beyond.add(try await times(of: some))
        _ = try await everything
        return [live, unknown, beside, beyond]
    }

    /// Looks tickets up as a check does that finds nothing in its cache.
    private func times(of keys: [TokenDigest]) async throws -> [Double] {
        var times: [Double] = []
        for key in keys {
            let start = clock.now
            if try await storage.find(key) == nil { _ = try await storage.ended(key) }
            times.append(Self.seconds(clock.now - start) * 1e6)
        }
        return times
    }

    // MARK: what it is made of

    private static let now = Timestamp(seconds: 1_800_000_000)

    /// Microseconds that the threads of this program have used of the processors.
    private static var processorTime: Double {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }

    private static func seconds(_ duration: Duration) -> Double {
        duration / .seconds(1)
    }

    private static func account(_ id: PublicID) -> NewAccount {
        NewAccount(
            user: User(
                id: id,
                username: id.text,
                email: nil,
                groups: ["staff"],
                isDisabled: false,
                createdAt: now
            ),
            passwordHash: .none,
            nameKey: NameKey(stored: id.text),
            emailKey: nil
        )
    }

    private static func key() -> TokenDigest {
        guard let key = TokenDigest(bytes: PublicID.random().bytes + PublicID.random().bytes) else {
            preconditionFailure("two ids of 16 bytes are a digest of 32")
        }
        return key
    }

    private static func session(of user: PublicID) -> Session {
        Session(
            key: key(),
            id: .random(),
            userID: user,
            createdAt: now,
            authenticatedAt: now,
            lastSeenAt: now,
            expiresAt: now + 86_400,
            idleLimit: 28_800,
            isRemembered: false,
            clientAddress: "203.0.113.7",
            userAgent: """
                Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                Chrome/126.0.0.0 Safari/537.36
                """
        )
    }
}
