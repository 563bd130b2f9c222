import FastCGI
import HTTP
import Synchronization
import Testing

/// More connections than workers: nobody waits for more than a share.
@Suite(.timeLimit(.minutes(10)))
struct StarvationTests {
    /// libfcgi alone would serve the first two peers for ever and nobody else.
    @Test func `more kept connections than workers are all served, and so are new ones`()
        async throws
    {
        try await TestServer.run(workers: 2, respond: KeptConnectionTests.echo) {
            server async throws in
            let path = server.path
            let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
                for client in 0..<40 {
                    group.addTask {
                        try await onThread {
                            // Every fourth client comes anew each time.
                            let peer = client.isMultiple(of: 4) ? nil : try Peer(path)
                            return try (0..<25).count { time in
                                let request = WireRequest.get([("X", "\(client).\(time)")])
                                let answer =
                                    try peer?.ask(request.kept)
                                    ?? Peer.exchange(request, with: path)
                                return answer.bodyText != "\(client).\(time) 0"
                            }
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(wrong == 0)
            #expect(server.handled == 40 * 25)
        }
    }

    @Test func `idle connections hold no worker`() async throws {
        try await TestServer.run(workers: 1, respond: KeptConnectionTests.echo) {
            server async throws in
            let path = server.path
            try await onThread {
                let peers = try (0..<50).map { _ in try Peer(path) }
                for peer in peers {
                    #expect(try peer.ask(WireRequest.get().kept).status == 200)
                }
                #expect(try Peer.exchange(.get(), with: path).status == 200)
                for (number, peer) in peers.enumerated().reversed() {
                    let request = WireRequest.get([("X", "\(number)")]).kept
                    #expect(try peer.ask(request).bodyText == "\(number) 0")
                }
            }
        }
    }

    /// Everybody asks while the only worker is busy; then it is seen whom it serves in which order.
    @Test(arguments: [[true, false], [false, true]])
    func `new and kept connections take turns`(order: [Bool]) async throws {
        let latch = Latch()
        let served = Mutex("")
        let respond: Responder = { request in
            let kind = request.parameter("X") ?? ""
            if kind == "first" { await latch.pass() } else { served.withLock { $0 += kind } }
            return .text("ok")
        }
        try await TestServer.run(workers: 1, respond: respond) { server async throws in
            let path = server.path
            let kept = try (0..<20).map { _ in try Peer(path) }
            try await onThread {
                for peer in kept { _ = try peer.ask(WireRequest.get([("X", "")]).kept) }
            }
            async let first = server.ask(.get([("X", "first")]))
            await latch.arrivals(1)
            // They reach the socket before the call returns, so all wait when the worker is free.
            var new: [Peer] = []
            for isNew in order {
                for peer in kept {
                    if isNew { new.append(try Peer(path)) }
                    let request = WireRequest.get([("X", isNew ? "n" : "k")])
                    try (isNew ? new.last : peer)?.send((isNew ? request : request.kept).bytes)
                }
            }
            await latch.open()
            #expect(try await first.status == 200)
            let all = kept + new
            try await onThread {
                for peer in all {
                    let answer = try peer.answer(until: { $0.ends[1] != nil })
                    #expect(answer.status == 200)
                }
            }
            let turns = served.withLock { $0 }
            #expect(turns.count == 40)
            #expect(!turns.contains("nnn") && !turns.contains("kkk"), "\(turns)")
        }
    }
}
