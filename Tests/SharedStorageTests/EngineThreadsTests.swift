#if SharedEngines
import Glibc
import Sessions
import Testing

@testable import SharedStorage

/// An engine that is as reachable as a test says.
private final class ToyEngine: Sendable {
    struct State {
        var isReachable = true
        /// How many connections it has room for.
        var room = Int.max
        var attempts = 0
        var made = 0
        var open = 0
    }

    let state = Locked(State())

    func connect() throws(StorageError) -> ToyConnection {
        let isMade = state.withLock { state in
            state.attempts += 1
            guard state.isReachable, state.open < state.room else { return false }
            state.made += 1
            state.open += 1
            return true
        }
        guard isMade else { throw .unavailable(code: "unreachable", detail: "toy") }
        return ToyConnection(self)
    }

    func threads(_ count: Int) -> EngineThreads<ToyConnection> {
        EngineThreads(count: count) { () throws(StorageError) in try self.connect() }
    }
}

private final class ToyConnection: EngineConnection {
    private let engine: ToyEngine
    private var isClosed = false
    var isUsable = true
    var hasTimedOut = false

    init(_ engine: ToyEngine) { self.engine = engine }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        engine.state.withLock { $0.open -= 1 }
    }

    /// Fails as one does whose engine is silent.
    func timeOut() throws(StorageError) {
        isUsable = false
        hasTimedOut = true
        throw .unavailable(code: "timeout", detail: "toy")
    }
}

@Suite(.timeLimit(.minutes(1))) struct EngineThreadsTests {
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
        #expect(threads.losses == 1)
        #expect(threads.isReachable)
    }

    @Test func `an engine that cannot be reached is said at once, until it can be again`()
        async throws
    {
        let threads = engine.threads(4)
        engine.state.withLock { $0.isReachable = false }
        await #expect(throws: unreachable) {
            try await threads.perform { _ throws(StorageError) in }
        }
        #expect(!threads.isReachable)
        let begin = ContinuousClock.now
        for _ in 0..<1000 {
            _ = try? await threads.perform { _ throws(StorageError) in }
        }
        #expect(engine.state.withLock { $0.attempts } < 50)
        #expect(ContinuousClock.now - begin < .seconds(2))
        engine.state.withLock { $0.isReachable = true }
        try await untilReached(threads)
        try await threads.perform { _ throws(StorageError) in }
    }

    @Test func `when one call is not answered, nobody else waits for the engine`() async throws {
        let threads = engine.threads(2)
        try await threads.perform { _ throws(StorageError) in }
        engine.state.withLock { $0.isReachable = false }
        await #expect(throws: StorageError.self) {
            try await threads.perform { connection throws(StorageError) in
                try connection.timeOut()
            }
        }
        #expect(!threads.isReachable)
        await #expect(throws: StorageError.self) {
            try await threads.perform { _ throws(StorageError) in }
        }
        engine.state.withLock { $0.isReachable = true }
        try await untilReached(threads)
        // Those of before are not used again.
        #expect(engine.state.withLock { $0.open } == 1)
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
        let deadline = Deadline(in: .seconds(5))
        while engine.state.withLock({ $0.open }) > 0, !deadline.hasPassed {
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(engine.state.withLock { $0.open } == 0)
    }

    private func untilReached(_ threads: EngineThreads<ToyConnection>) async throws {
        let deadline = Deadline(in: .seconds(1))
        while !threads.isReachable, !deadline.hasPassed {
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(threads.isReachable)
    }
}
#endif
