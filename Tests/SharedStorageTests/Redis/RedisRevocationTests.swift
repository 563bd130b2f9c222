#if SharedEngines
import Accounts
import Dispatch
import Sessions
import Storage
import StorageConformance
import Testing

@testable import SharedStorage

/// A machine: a cache in front of the storage, and the feed that keeps it true.
private final class Machine: Sendable {
    let storage: DividedStorage
    let sessions: SessionStore
    private let feed: Task<Void, Never>

    init(_ storage: DividedStorage) {
        let sessions = SessionStore(storage: storage)
        sessions.trustCache(until: .now)
        self.storage = storage
        self.sessions = sessions
        feed = Task(executorPreference: OwnThread()) {
            var isLost = false
            while !Task.isCancelled {
                do throws(StorageError) {
                    for change in try await storage.changesOfOthers() {
                        switch change {
                        case .session(let key): await sessions.forget(key)
                        case .user(let id): await sessions.forget(user: id)
                        case .anything: await sessions.forgetAll()
                        }
                    }
                    // As the program does: however late this thread is, the cache ends in time.
                    if let proof = storage.feedProof {
                        sessions.trustCache(until: proof + .milliseconds(200))
                    }
                    if isLost { await sessions.resumeCaching() }
                    isLost = false
                } catch {
                    if !isLost { await sessions.suspendCaching() }
                    isLost = true
                    try? await Task.sleep(for: .milliseconds(20))
                }
            }
        }
    }

    func stop() async {
        feed.cancel()
        await feed.value
        try? storage.close()
    }

    /// Whether a session is let in; without an answer of the engines nobody is.
    func lets(_ key: TokenDigest) async -> Bool {
        (try? await sessions.check(key, at: Sample.start)) ?? nil != nil
    }
}

/// A thread that other tests do not block, as the program's timers have.
private final class OwnThread: TaskExecutor {
    private let queue = DispatchQueue(label: "feed")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

@Suite(.serialized, .timeLimit(.minutes(10))) struct RedisRevocationTests {
    /// Ends many sessions on one machine while another one looks at them, and returns how long
    /// each was let in there after its end was acknowledged.
    private func delays(
        rounds: Int,
        disturbing disturb: @Sendable (Int, LocalRedis) throws -> Void
    ) async throws -> [Duration] {
        let server = try LocalRedis()
        let schema = try TestSchema()
        func open() throws -> Machine {
            Machine(
                DividedStorage(
                    accounts: try schema.open(connections: 2, sessions: .redis(prefix: "test")),
                    sessions: try RedisSessions(
                        url: server.url,
                        prefix: "c:",
                        connections: 2
                    )
                )
            )
        }
        let (here, there) = (try open(), try open())
        let ada = Sample.user("ada")
        try await here.storage.insert(Sample.account(ada), beginning: nil, by: nil)
        var delays: [Duration] = []
        for round in 0..<rounds {
            let session = Sample.session(of: ada)
            guard (try? await here.storage.insert(session, keeping: 100)) != nil else {
                continue
            }
            let reader = Task {
                // Reads that are under way when the session ends.
                while !Task.isCancelled {
                    _ = await there.lets(session.key)
                    await Task.yield()
                }
            }
            while await !there.lets(session.key) {
                guard try await here.storage.find(session.key) != nil else { break }
            }
            try disturb(round, server)
            guard (try? await here.sessions.end(session.key, at: Sample.start)) != nil else {
                reader.cancel()
                continue
            }
            let acknowledged = ContinuousClock.now
            var last = acknowledged
            while ContinuousClock.now - acknowledged < .milliseconds(250) {
                await Task.yield()
                let asked = ContinuousClock.now
                guard await there.lets(session.key) else {
                    if asked - last > .milliseconds(20) { break }
                    continue
                }
                last = asked
            }
            delays.append(last - acknowledged)
            reader.cancel()
            await reader.value
        }
        await here.stop()
        await there.stop()
        return delays.sorted()
    }

    @Test func `an end is known on another machine at once`() async throws {
        let delays = try await delays(rounds: 60) { _, _ in }
        #expect(delays.count == 60)
        #expect(try #require(delays.last) < .milliseconds(200))
        #expect(delays[delays.count / 2] < .milliseconds(20))
    }

    @Test func `an end is known in time when the feed is lost over and over`() async throws {
        let delays = try await delays(rounds: 40) { round, server in
            if round % 2 == 0 { try server.call("CLIENT", "KILL", "TYPE", "pubsub") }
            if round % 3 == 0 { try server.call("CLIENT", "KILL", "TYPE", "normal") }
        }
        #expect(delays.count > 10)
        #expect(try #require(delays.last) < .milliseconds(200))
    }
}
#endif
