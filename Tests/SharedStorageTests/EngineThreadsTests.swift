#if SharedEngines
import Dispatch
import Glibc
import Sessions
import Testing

@testable import SharedStorage

/// An engine that is as reachable as a test says.
private final class ToyEngine: Sendable {
    struct State {
        var isReachable = true
        /// Whether it takes too long to answer, and what is done before it is given up.
        var isSilent = false
        var beforeGivingUp: @Sendable () -> Void = {}
        /// How many connections it has room for.
        var room = Int.max
        var attempts = 0
        var made = 0
        var open = 0
        /// How long it takes to close a connection, in microseconds.
        var farewell: UInt32 = 0
    }

    let state = Locked(State())

    func connect() throws(StorageError) -> ToyConnection {
        let number = state.withLock { state -> Int? in
            state.attempts += 1
            guard state.isReachable, !state.isSilent, state.open < state.room else { return nil }
            state.made += 1
            state.open += 1
            return state.made
        }
        let (isSilent, wait) = state.withLock { ($0.isSilent, $0.beforeGivingUp) }
        if isSilent {
            wait()
            throw .unavailable(code: "timeout", detail: "toy")
        }
        guard let number else { throw .unavailable(code: "unreachable", detail: "toy") }
        return ToyConnection(self, number)
    }

    func threads(_ count: Int) -> EngineThreads<ToyConnection> {
        EngineThreads(count: count) { () throws(StorageError) in try self.connect() }
    }
}

private final class ToyConnection: EngineConnection {
    /// The how many-th of the engine it is.
    let number: Int
    private let engine: ToyEngine
    private var isClosed = false
    var isUsable = true
    var hasTimedOut = false

    init(_ engine: ToyEngine, _ number: Int) {
        self.engine = engine
        self.number = number
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        usleep(engine.state.withLock { $0.farewell })
        engine.state.withLock { $0.open -= 1 }
    }

    /// Fails as one does whose engine is silent.
    func timeOut() throws(StorageError) {
        isUsable = false
        hasTimedOut = true
        throw .unavailable(code: "timeout", detail: "toy")
    }
}

@Suite(.timeLimit(.minutes(10))) struct EngineThreadsTests {
    private let engine = ToyEngine()
    private let unreachable = StorageError.unavailable(code: "unreachable", detail: "toy")

    @Test func `work is done on a connection that is kept`() async throws {
        let threads = engine.threads(1)
        for number in 0..<100 {
            let done = try await threads.perform { _ throws(StorageError) in number }
            #expect(done == number)
        }
        #expect(engine.state.withLock { $0.made } == 1)
        #expect(threads.reconnects == 0)
    }

    @Test func `what the work throws is told, and the connection kept`() async throws {
        let threads = engine.threads(1)
        for _ in 0..<3 {
            await #expect(throws: StorageError.conflict) {
                try await threads.perform { _ throws(StorageError) in throw .conflict }
            }
        }
        #expect(engine.state.withLock { $0.made } == 1)
    }

    @Test func `a connection that has failed is made anew`() async throws {
        let threads = engine.threads(1)
        try await threads.perform { connection throws(StorageError) in
            connection.isUsable = false
        }
        try await threads.perform { _ throws(StorageError) in }
        #expect(engine.state.withLock { $0.made } == 2)
        #expect(threads.reconnects == 1)
        #expect(threads.isReachable)
    }

    @Test func `an engine that cannot be reached is said at once, until it can be again`()
        async throws
    {
        let threads = engine.threads(4)
        let begin = ContinuousClock.now
        engine.state.withLock { $0.isReachable = false }
        await #expect(throws: unreachable) {
            try await threads.perform { _ throws(StorageError) in }
        }
        #expect(!threads.isReachable)
        for _ in 0..<1000 {
            _ = try? await threads.perform { _ throws(StorageError) in }
        }
        // Ten times a second, however many ask and however slow this machine is.
        let taken = (ContinuousClock.now - begin) / .seconds(1)
        #expect(Double(engine.state.withLock { $0.attempts }) < 10 * taken + 40)
        engine.state.withLock { $0.isReachable = true }
        try await until { threads.isReachable }
        try await threads.perform { _ throws(StorageError) in }
    }

    @Test func `when a call is not answered, nobody else waits`() async throws {
        let threads = engine.threads(2)
        #expect(try await numbers(of: threads) == [1, 2])
        engine.state.withLock { $0.isReachable = false }
        try await timeOut(on: threads)
        #expect(!threads.isReachable)
        await #expect(throws: StorageError.self) {
            try await threads.perform { _ throws(StorageError) in }
        }
        engine.state.withLock { $0.isReachable = true }
        try await until { threads.isReachable }
        // Those of before are not used again.
        #expect(try await numbers(of: threads) == [3, 4])
    }

    @Test func `a call that is not answered is no outage while others are`() async throws {
        let threads = engine.threads(2)
        #expect(try await numbers(of: threads) == [1, 2])
        let number = try await timeOut(on: threads) {
            try await threads.perform { _ throws(StorageError) in }
        }
        #expect(threads.isReachable)
        // Its connection is made anew, and the other is kept.
        #expect(try await numbers(of: threads) == [3 - number, 3])
    }

    @Test func `what was answered long ago counts for nothing`() async throws {
        let threads = engine.threads(2)
        #expect(try await numbers(of: threads) == [1, 2])
        // As long as an answer is remembered.
        try await timeOut(on: threads, lasting: 1_000_000) {
            try await threads.perform { _ throws(StorageError) in }
            engine.state.withLock { $0.isReachable = false }
        }
        #expect(!threads.isReachable)
    }

    @Test func `where there is no room for a connection more, the others do the work`()
        async throws
    {
        engine.state.withLock { $0.room = 1 }
        let threads = engine.threads(4)
        try await threads.perform { _ throws(StorageError) in }
        try await withThrowingTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    try await threads.perform { _ throws(StorageError) in usleep(1000) }
                }
            }
            try await group.waitForAll()
        }
        #expect(threads.isReachable)
        #expect(engine.state.withLock { $0.made } == 1)
    }

    @Test func `an engine that does not answer a new connection is unreachable for all`()
        async throws
    {
        let threads = engine.threads(2)
        let hold = DispatchSemaphore(value: 0)
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let work = Task {
            try await threads.perform { _ throws(StorageError) in
                begin.yield()
                hold.wait()
            }
        }
        for await _ in begun { break }
        engine.state.withLock { $0.isSilent = true }
        await #expect(throws: StorageError.unavailable(code: "timeout", detail: "toy")) {
            try await threads.perform { _ throws(StorageError) in }
        }
        #expect(!threads.isReachable)
        hold.signal()
        try await work.value
    }

    @Test func `a new connection that is not answered is no outage while others are`() async throws
    {
        let threads = engine.threads(2)
        try await threads.perform { _ throws(StorageError) in }
        let (hold, others) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        engine.state.withLock {
            $0.isSilent = true
            $0.beforeGivingUp = {
                begin.yield()
                others.wait()
            }
        }
        // One of the two comes to the thread that has a connection; the other waits for one.
        try await withThrowingTaskGroup { group in
            for _ in 0..<2 {
                group.addTask {
                    try await threads.perform { _ throws(StorageError) in hold.wait() }
                }
            }
            for await _ in begun { break }
            hold.signal()
            try await group.next()
            hold.signal()
            others.signal()
            try await group.next()
        }
        #expect(threads.isReachable)
        #expect(engine.state.withLock { $0.made } == 1)
    }

    @Test func `what is closed says so`() async throws {
        let threads = engine.threads(2)
        try await threads.perform { _ throws(StorageError) in }
        threads.close()
        await #expect(throws: StorageError.unavailable(code: "closed", detail: "stopping")) {
            try await threads.perform { _ throws(StorageError) in }
        }
    }

    @Test func `connections are closed with the threads`() async throws {
        do {
            let threads = engine.threads(2)
            try await threads.perform { _ throws(StorageError) in }
        }
        #expect(engine.state.withLock { $0.open } == 0)
    }

    @Test func `the threads have ended when they are closed`() async throws {
        engine.state.withLock { $0.farewell = 50_000 }
        let threads = engine.threads(4)
        try await threads.perform { _ throws(StorageError) in }
        threads.close()
        #expect(engine.state.withLock { $0.open } == 0)
    }

    @Test func `work that waits for a silent engine fails when the threads are closed`()
        async throws
    {
        let server = try SilentServer()
        let threads = engine.threads(1)
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let work = Task {
            try await threads.perform { connection throws(StorageError) in
                begin.yield()
                let isThere = Deadline(in: .seconds(60)).wait(for: POLLIN, of: server.listener)
                #expect(!isThere)
                try connection.timeOut()
            }
        }
        for await _ in begun { break }
        let start = ContinuousClock.now
        threads.close()
        #expect(ContinuousClock.now - start < .milliseconds(400))
        await #expect(throws: StorageError.unavailable(code: "timeout", detail: "toy")) {
            try await work.value
        }
    }

    @Test func `connecting to a silent engine is given up when the threads are closed`()
        async throws
    {
        let server = try SilentServer()
        let postgresql = PostgreSQLClient(
            url: try PostgreSQLURL("postgresql://nobody@127.0.0.1:\(server.port)/none")
        )
        let redis = try RedisDoor(try RedisURL("redis://127.0.0.1:\(server.port)"))
        #expect(
            try await ending(
                EngineThreads(count: 1) { () throws(StorageError) in try postgresql.connect() }
            ) < .milliseconds(400)
        )
        #expect(
            try await ending(
                EngineThreads(count: 1) { () throws(StorageError) in
                    try RedisConnection(through: redis)
                }
            ) < .milliseconds(400)
        )
    }

    /// How long it takes to close threads of which one is connecting.
    private func ending<Connection>(_ threads: EngineThreads<Connection>) async throws -> Duration {
        let work = Task { try await threads.perform { _ throws(StorageError) in } }
        // It may not have begun yet, which makes no difference.
        try await Task.sleep(for: .milliseconds(50))
        let start = ContinuousClock.now
        threads.close()
        let duration = ContinuousClock.now - start
        await #expect(throws: StorageError.self) { try await work.value }
        return duration
    }

    /// Lets a call not be answered, and returns the number of its connection; `body` is done while
    /// it waits, and it goes on to wait for so many microseconds.
    @discardableResult
    private func timeOut(
        on threads: EngineThreads<ToyConnection>,
        lasting time: UInt32 = 0,
        _ body: () async throws -> Void = {}
    ) async throws -> Int {
        let isDone = DispatchSemaphore(value: 0)
        let (begun, begin) = AsyncStream.makeStream(of: Int.self)
        let call = Task {
            try await threads.perform { connection throws(StorageError) in
                begin.yield(connection.number)
                isDone.wait()
                usleep(time)
                try connection.timeOut()
            }
        }
        var number = 0
        for await found in begun {
            number = found
            break
        }
        try await body()
        isDone.signal()
        await #expect(throws: StorageError.unavailable(code: "timeout", detail: "toy")) {
            try await call.value
        }
        return number
    }

    /// The numbers of the connections of two threads, found by two calls that meet.
    private func numbers(of threads: EngineThreads<ToyConnection>) async throws -> Set<Int> {
        let both = DispatchSemaphore(value: 0)
        let other = DispatchSemaphore(value: 0)
        async let one = threads.perform { connection throws(StorageError) in
            both.signal()
            other.wait()
            return connection.number
        }
        async let two = threads.perform { connection throws(StorageError) in
            other.signal()
            both.wait()
            return connection.number
        }
        return [try await one, try await two]
    }

    private func until(_ isSo: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !isSo(), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(isSo())
    }
}
#endif
