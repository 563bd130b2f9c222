import Glibc
import HTTP
import Synchronization
import Testing

@testable import FastCGI

@Suite(.serialized, .timeLimit(.minutes(10)))
struct StopTests {
    /// Stops a pool on a thread of its own; `body` runs once the call waits for the workers.
    private func whileStopping(
        _ pool: WorkerPool,
        within seconds: Int = 30,
        _ body: () async throws -> Void
    ) async throws -> Bool {
        let (names, name) = AsyncStream.makeStream(of: String.self)
        async let stopped = onThread {
            name.yield(currentThread())
            return pool.stop(within: seconds)
        }
        for await thread in names {
            _ = await waitUntilAsleep(thread)
            break
        }
        try await body()
        return try await stopped
    }

    @Test(arguments: [1, 16])
    func `idle workers end at once`(workers: Int) async throws {
        try await TestServer.run(workers: workers) { server async throws in
            #expect(try await server.ask(.get()).status == 200)
            let pool = server.pool
            // Measured on the thread that stops, which waits for nothing else.
            let (isStopped, duration) = try await onThread {
                let clock = ContinuousClock()
                let begin = clock.now
                return (pool.stop(within: 20), clock.now - begin)
            }
            #expect(isStopped)
            #expect(duration < .seconds(5))
        }
    }

    @Test func `a pool that never had a request stops`() async throws {
        try await TestServer.run(workers: 4) { server async throws in
            #expect(try await server.stop(within: 20))
        }
    }

    @Test func `requests in work are answered`() async throws {
        let latch = Latch()
        let respond: Responder = { request in
            await latch.pass()
            return .text("late " + String(repeating: "x", count: 100_000))
        }
        try await TestServer.run(workers: 3, respond: respond) { server async throws in
            async let first = server.ask(.get())
            async let second = server.ask(.get())
            await latch.arrivals(2)
            let isStopped = try await whileStopping(server.pool) { await latch.open() }
            #expect(isStopped)
            for answer in try await [first, second] {
                #expect(answer.isWhole)
                #expect(answer.body.count == 100_005)
            }
        }
    }

    @Test func `a request that outlasts the deadline is reported, and can still end`()
        async throws
    {
        let latch = Latch()
        let respond: Responder = { _ in
            await latch.pass()
            return .text("late")
        }
        try await TestServer.run(workers: 1, respond: respond) { server async throws in
            async let answer = server.ask(.get())
            await latch.arrivals(1)
            #expect(try await server.stop(within: 0) == false)
            #expect(try await server.stop(within: 1) == false)
            await latch.open()
            #expect(try await answer.bodyText == "late")
            #expect(try await server.stop(within: 20))
        }
    }

    /// Joining a thread twice is undefined, so a crash would take this process with it.
    @Test func `stopping again is harmless`() async throws {
        await #expect(processExitsWith: .success) {
            try await TestServer.run(workers: 4) { server async throws in
                guard try await server.stop(), try await server.stop() else { exit(1) }
                guard try await server.stop(within: 0) else { exit(1) }
            }
            exit(0)
        }
    }

    /// With some workers idle and one busy, those joined the first time are not joined again.
    @Test func `stopping again after the deadline waits for the rest only`() async throws {
        await #expect(processExitsWith: .success) {
            let latch = Latch()
            let respond: Responder = { _ in
                await latch.pass()
                return .text("late")
            }
            try await TestServer.run(workers: 6, respond: respond) { server async throws in
                async let answer = server.ask(.get())
                await latch.arrivals(1)
                guard try await server.stop(within: 1) == false else { exit(1) }
                guard try await server.stop(within: 0) == false else { exit(2) }
                await latch.open()
                guard try await server.stop() else { exit(3) }
                guard try await answer.bodyText == "late" else { exit(4) }
            }
            exit(0)
        }
    }

    /// Behind systemd's socket the next process answers what waits.
    @Test func `what waits in the backlog stays there, whole`() async throws {
        let latch = Latch()
        try await withFolder { folder async throws in
            let path = folder + "/s"
            let listener = try Listener.bind(path: path)
            // A second descriptor of the socket, as systemd holds one.
            let copy = dup(listener.descriptor)
            defer { close(copy) }
            let runs = Tally()
            let pool = try WorkerPool(listener: listener, workers: 1, report: { _ in }) { _ in
                runs.add()
                await latch.pass()
                return .text("first")
            }
            async let first = onThread { try Peer.exchange(.get(), with: path) }
            await latch.arrivals(1)
            let waiting = try Peer(path)
            let request = WireRequest.get([("X", "1")]).bytes
            try waiting.send(request)
            let isStopped = try await whileStopping(pool) { await latch.open() }
            #expect(isStopped)
            #expect(try await first.bodyText == "first")
            #expect(runs.count == 1)
            let isUntouched = waiting.isWaiting
            #expect(isUntouched)

            let taken = accept(copy, nil, nil)
            try #require(taken >= 0)
            defer { close(taken) }
            var received = [UInt8](repeating: 0, count: 1000)
            let count = unsafe recv(taken, &received, received.count, 0)
            #expect(Array(received.prefix(max(0, count))) == request)
        }
    }

    @Test func `after the stop nobody is let in`() async throws {
        try await TestServer.run { server async throws in
            try await server.stop()
            let path = server.path
            let isWaiting = try await onThread {
                let peer = try Peer(path)
                try peer.send(WireRequest.get().bytes)
                return peer.isWaiting
            }
            #expect(isWaiting)
            #expect(server.handled == 0)
        }
    }
}
