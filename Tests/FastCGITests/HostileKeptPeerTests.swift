import FastCGI
import HTTP
import Testing

/// Peers whose connection is kept and that then are no web server, or are gone.
@Suite(.timeLimit(.minutes(10)))
struct HostileKeptPeerTests {
    @Test(arguments: HostilePeerTests.rubbish)
    func `rubbish behind a request costs the connection and nothing else`(
        name: String,
        bytes: [UInt8]
    ) async throws {
        try await TestServer.run(workers: 1) { server async throws in
            let path = server.path
            try await onThread {
                let peer = try Peer(path)
                #expect(try peer.ask(WireRequest.get().kept).status == 200)
                peer.offer(bytes)
                peer.halfClose()
                let answer = try peer.answer()
                #expect(answer.status == nil || answer.status == 400, "\(name)")
            }
            #expect(server.handled == 1, "\(name)")
            #expect(await server.nextEvent() == .malformedRequest, "\(name)")
            #expect(try await server.ask(.get()).status == 200, "\(name)")
        }
    }

    @Test func `half a record holds its own worker only`() async throws {
        try await TestServer.run(workers: 2) { server async throws in
            let path = server.path
            try await onThread {
                let peer = try Peer(path)
                #expect(try peer.ask(WireRequest.get().kept).status == 200)
                let request = WireRequest.get([("X", "late")]).kept.bytes
                try peer.send(Array(request.prefix(13)))
                for _ in 0..<20 { #expect(try Peer.exchange(.get(), with: path).status == 200) }
                peer.offer(Array(request.dropFirst(13)))
                #expect(try peer.answer(until: { $0.ends[1] != nil }).status == 200)
                #expect(try peer.ask(WireRequest.get().kept).status == 200)
            }
        }
    }

    @Test func `a second request before the first is answered is told that it cannot be`()
        async throws
    {
        try await TestServer.run(workers: 1, respond: KeptConnectionTests.echo) {
            server async throws in
            let path = server.path
            try await onThread {
                let peer = try Peer(path)
                for _ in 0..<3 {
                    let request = WireRequest.post([1, 2, 3]).kept
                    let second = Wire.begin(flags: 1, id: 2)
                    peer.offer(request.head + second + Wire.stream(.stdin, request.body))
                    let answer = try peer.answer(until: { $0.ends[1] != nil })
                    #expect(answer.bodyText == " 3")
                    #expect(answer.ends == [1: 0, 2: 1])
                }
            }
            #expect(server.handled == 3)
        }
    }

    /// nginx closes what it has no more use for; that is nothing to report.
    @Test func `peers that leave between requests are no event`() async throws {
        let reports = Tally()
        try await withFolder { folder async throws in
            let path = folder + "/s"
            let listener = try Listener.bind(path: path)
            let pool = try WorkerPool(
                listener: listener,
                workers: 2,
                report: { _ in reports.add() },
                respond: { _ in .text("ok") }
            )
            try await onThread {
                for _ in 0..<50 {
                    let peer = try Peer(path)
                    #expect(try peer.ask(WireRequest.get().kept).status == 200)
                }
                pool.stop(within: 30)
            }
        }
        #expect(reports.count == 0)
    }
}
