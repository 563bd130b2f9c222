import HTTP
import Synchronization
import Testing

@testable import FastCGI

/// Few workers are awake; those that cannot go on are replaced.
@Suite(.timeLimit(.minutes(10)))
struct PlacesTests {
    @Test(arguments: [(8, 2, 3), (8, 1, 2), (2, 4, 2), (1, 1, 1), (4, 0, 2)])
    func `there are places for the processors and one more, and for no more than all workers`(
        workers: Int,
        processors: Int,
        expected: Int
    ) async throws {
        let places = Places(workers: workers, processors: processors)
        let took = try await onThread { (0..<expected).count { _ in places.take() } }
        #expect(took == expected)
        // One more waits until a place is given away.
        async let late = onThread { places.take() }
        places.give()
        #expect(try await late)
        places.close()
        #expect(try await onThread { places.take() } == false)
    }

    @Test func `a worker that is at one request for long is given a substitute, and rests then`()
        async throws
    {
        let places = Places(workers: 3, processors: 1)
        let work = places.work(of: 0)
        async let watching: Void = onThread { places.watch() }
        #expect(try await onThread { places.take() && places.take() })
        places.begin(work)
        // The places are all taken until the one at work is noticed.
        #expect(try await onThread { places.take() })
        places.end(work)
        while !places.isCrowded { try await Task.sleep(for: .milliseconds(1)) }
        places.give()
        #expect(!places.isCrowded)
        places.close()
        try await watching
    }

    @Test(arguments: 1...3)
    func `quiet or not, the last one to begin is noticed`(round: Int) async throws {
        let places = Places(workers: 2, processors: 0)
        async let watching: Void = onThread { places.watch() }
        #expect(try await onThread { places.take() && places.take() })
        for _ in 0..<20 {
            // Long enough for the watch to have gone to sleep.
            try await Task.sleep(for: .milliseconds(round * 3))
            places.begin(places.work(of: 0))
            // There is a third place only once that is noticed.
            #expect(try await onThread { places.take() })
            places.end(places.work(of: 0))
            places.give()
        }
        places.close()
        try await watching
    }

    @Test func `seven suspended and seven stuck requests leave the last worker to others`()
        async throws
    {
        let latch = Latch()
        let respond: Responder = { request in
            if request.parameter("X") == "wait" { await latch.pass() }
            return .text("ok")
        }
        try await TestServer.run(workers: 15, respond: respond) { server async throws in
            let path = server.path
            let waiting = try (0..<7).map { _ in try Peer(path) }
            for peer in waiting { try peer.send(WireRequest.get([("X", "wait")]).bytes) }
            await latch.arrivals(7)
            let stuck = try (0..<7).map { _ in try Peer(path) }
            for peer in stuck { try peer.send(Array(WireRequest.get().bytes.prefix(11))) }
            for _ in 0..<20 { #expect(try await server.ask(.get()).status == 200) }
            await latch.open()
            try await onThread {
                for peer in waiting {
                    let answer = try peer.answer(until: { $0.ends[1] != nil })
                    #expect(answer.status == 200)
                }
            }
            #expect(try await server.ask(.get()).status == 200)
            withExtendedLifetime(stuck) {}
        }
    }
}
