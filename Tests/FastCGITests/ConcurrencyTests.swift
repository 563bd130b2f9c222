import FastCGI
import HTTP
import Testing

/// Handlers that await: where they come back, and that they all do.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct ConcurrencyTests {
    /// An actor that all handlers meet at.
    private actor Register {
        private(set) var count = 0
        private(set) var threads: Set<String> = []

        func enter(_ thread: String) -> Int {
            count += 1
            threads.insert(thread)
            return count
        }
    }

    /// Runs `clients` threads that each ask `times` times, and returns the bodies.
    private func storm(
        _ server: TestServer,
        clients: Int = 64,
        times: Int = 10
    ) async throws -> [String] {
        let path = server.path
        return try await withThrowingTaskGroup(of: [String].self) { group in
            for client in 0..<clients {
                group.addTask {
                    try await onThread {
                        try (0..<times).map { time in
                            let request = WireRequest.get([("X", "\(client).\(time)")])
                            let answer = try Peer.exchange(request, with: path)
                            return answer.isWhole ? answer.bodyText : "broken"
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private let everyone = (0..<64).flatMap { client in (0..<10).map { "\(client).\($0)" } }

    @Test func `64 clients at 8 workers are all answered through one actor`() async throws {
        let register = Register()
        let respond: Responder = { request in
            let before = currentThread()
            _ = await register.enter(before)
            let isHome = currentThread() == before
            return .text(isHome ? request.parameter("X") ?? "" : "moved")
        }
        try await TestServer.run(workers: 8, respond: respond) { server async throws in
            let bodies = try await storm(server)
            #expect(bodies.sorted() == everyone.sorted())
            #expect(await register.count == 640)
            #expect(await register.threads.count <= 8)
        }
    }

    /// The task runs on Swift's own pool and competes with the handlers for the actor.
    @Test func `a handler comes back to its own thread from tasks on other executors`()
        async throws
    {
        let register = Register()
        let respond: Responder = { request in
            let before = currentThread()
            let elsewhere = await Task {
                for _ in 0..<20 { await Task.yield() }
                _ = await register.enter(currentThread())
                return currentThread()
            }.value
            let afterTask = currentThread()
            async let one = register.enter(afterTask)
            async let two = register.enter(afterTask)
            _ = await (one, two)
            let isHome = afterTask == before && currentThread() == before && elsewhere != before
            return .text(isHome ? request.parameter("X") ?? "" : "moved")
        }
        try await TestServer.run(workers: 8, respond: respond) { server async throws in
            let bodies = try await storm(server)
            #expect(bodies.sorted() == everyone.sorted())
            #expect(await register.count == 3 * 640)
        }
    }

    /// As many requests are in work as there are workers, and the next one waits its turn.
    @Test func `eight workers hold eight requests at once and the ninth is served after`()
        async throws
    {
        let latch = Latch()
        let respond: Responder = { _ in
            let before = currentThread()
            await latch.pass()
            return .text(currentThread() == before ? before : "moved")
        }
        try await TestServer.run(workers: 8, respond: respond) { server async throws in
            #expect(server.pool.workerCount == 8)
            let bodies = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<9 { group.addTask { try await server.ask(.get()).bodyText } }
                await latch.arrivals(8)
                #expect(server.handled == 8)
                await latch.open()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(bodies.count == 9)
            #expect(Set(bodies).count == 8, "each worker is a thread of its own")
            #expect(!bodies.contains("moved"))
        }
    }

    /// One slow request must not hold up those that other workers could take.
    @Test func `a request that waits leaves the other workers free`() async throws {
        let latch = Latch()
        let respond: Responder = { request in
            if request.has("SLOW") { await latch.pass() }
            return .text("ok")
        }
        try await TestServer.run(workers: 2, respond: respond) { server async throws in
            async let slow = server.ask(.get([("SLOW", "1")]))
            await latch.arrivals(1)
            for _ in 0..<50 { #expect(try await server.ask(.get()).status == 200) }
            await latch.open()
            #expect(try await slow.status == 200)
        }
    }
}
