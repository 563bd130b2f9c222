import Glibc
import HTTP
import Synchronization
import Testing

@testable import FastCGI

/// Connections that the peer wants kept (FCGI_KEEP_CONN).
@Suite(.timeLimit(.minutes(10)))
struct KeptConnectionTests {
    /// Answers with the parameter X and the length of the body.
    static let echo: Responder = { request in
        let length = (try? request.body(atMost: 100_000))?.count ?? -1
        return .text("\(request.parameter("X") ?? "") \(length)")
    }

    @Test func `a connection carries one request after the other, none mixed with another`()
        async throws
    {
        try await TestServer.run(workers: 1, respond: Self.echo) { server async throws in
            let path = server.path
            try await onThread {
                let peer = try Peer(path)
                for number in 0..<100 {
                    var request = WireRequest.post([UInt8](repeating: 1, count: number * 37)).kept
                    request.add("X", "\(number)")
                    let answer = try peer.ask(request)
                    #expect(answer.bodyText == "\(number) \(number * 37)")
                    #expect(answer.isWhole)
                    #expect(answer.types.count { $0 == Wire.Kind.end.rawValue } == 1)
                    #expect(peer.isWaiting, "it stays open")
                    #expect(try peer.ask(.get([("X", "\(number)")]).kept).bodyText == "\(number) 0")
                }
            }
            #expect(server.handled == 200)
        }
    }

    @Test func `the request that no longer asks for it is the last`() async throws {
        try await TestServer.run(workers: 1) { server async throws in
            let path = server.path
            try await onThread {
                let peer = try Peer(path)
                #expect(try peer.ask(WireRequest.get().kept).status == 200)
                #expect(try peer.ask(.get()).status == 200)
                #expect(try peer.isClosed())
            }
        }
    }

    /// An answer longer than libfcgi's buffer leaves in many writes.
    @Test func `long answers and bodies leave a connection as it was`() async throws {
        let respond: Responder = { request in
            let body = (try? request.body(atMost: 1_000_000)) ?? []
            var response = Response(status: 200)
            response.body = body
            return response
        }
        try await TestServer.run(workers: 1, respond: respond) { server async throws in
            let path = server.path
            try await onThread {
                let peer = try Peer(path)
                for size in [0, 8183, 8184, 8192, 65_535, 65_536, 150_000, 1] {
                    let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                    #expect(try peer.ask(WireRequest.post(body).kept).body == body)
                }
            }
        }
    }

    // MARK: starvation

    /// libfcgi alone would serve the first two peers for ever and nobody else.
    @Test func `more kept connections than workers are all served, and so are new ones`()
        async throws
    {
        try await TestServer.run(workers: 2, respond: Self.echo) { server async throws in
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
        try await TestServer.run(workers: 1, respond: Self.echo) { server async throws in
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

    // MARK: smuggling

    /// Each handler that leaves a body unread, or does not even run.
    enum Neglect: String, CaseIterable { case unread, refused, incomplete }

    /// Requests forged in a body that nobody reads, at every place at which libfcgi's buffer of
    /// 8192 bytes can end.
    @Test(arguments: Neglect.allCases)
    func `nothing in a body is ever taken for a request`(neglect: Neglect) async throws {
        let forgeries = Tally()
        let respond: Responder = { request in
            if request.has("REMOTE_USER") { forgeries.add() }
            if neglect == .refused { _ = try? request.body(atMost: 10) }
            return .text(request.parameter("X") ?? "")
        }
        try await TestServer.run(workers: 1, respond: respond) { server async throws in
            let path = server.path
            let forged = WireRequest.get([("REMOTE_USER", "admin")]).kept.bytes
            let isIncomplete = neglect == .incomplete
            let wrong = try await onThread {
                let peer = try Peer(path)
                return try stride(from: 0, to: 8192, by: 8).count { offset in
                    var body = [UInt8](repeating: 0, count: offset)
                    while body.count < 20_000 { body += forged }
                    var request = WireRequest.post(body).kept
                    if isIncomplete { request.parameters.removeFirst() }
                    let answer = try peer.ask(request)
                    let next = try peer.ask(WireRequest.get([("X", "\(offset)")]).kept)
                    return answer.status != (isIncomplete ? 400 : 200)
                        || next.bodyText != "\(offset)"
                }
            }
            #expect(wrong == 0)
            #expect(forgeries.count == 0)
            #expect(server.handled == (isIncomplete ? 1024 : 2048))
        }
    }

    @Test func `a body beyond the drain limit costs the connection`() async throws {
        try await TestServer.run(workers: 1) { server async throws in
            let flood = WireRequest.post([UInt8](repeating: 1, count: 5_000_000)).kept
            let answer = try await server.ask(flood)
            #expect(answer.status == 200 || answer.isReset)
            #expect(try await server.ask(.get()).status == 200)
            #expect(server.handled == 2)
        }
    }

    // MARK: hostile peers

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
        try await TestServer.run(workers: 1, respond: Self.echo) { server async throws in
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

    // MARK: bounds and the end

    @Test func `beyond the limit the connection that has waited longest is closed`() throws {
        let kept = KeptConnections(limit: 2)
        let pairs = try (0..<3).map { _ in
            var pair: [CInt] = [-1, -1]
            let type = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
            try #require(unsafe socketpair(AF_UNIX, type, 0, &pair) == 0)
            return pair
        }
        defer { for pair in pairs { close(pair[1]) } }
        var byte: UInt8 = 0
        kept.add(pairs[0][0])
        kept.add(pairs[1][0])
        #expect(kept.claim(pairs[0][0]))
        #expect(!kept.claim(pairs[0][0]), "one owner at a time")
        kept.add(pairs[0][0])
        #expect(unsafe read(pairs[1][1], &byte, 1) == -1 && errno == EAGAIN)
        kept.add(pairs[2][0])
        #expect(unsafe read(pairs[1][1], &byte, 1) == 0)
        #expect(!kept.claim(pairs[1][0]))
        #expect(unsafe read(pairs[0][1], &byte, 1) == -1 && errno == EAGAIN)
        kept.close()
        #expect(unsafe read(pairs[0][1], &byte, 1) == 0)
        #expect(unsafe read(pairs[2][1], &byte, 1) == 0)
    }

    @Test func `at the end idle connections are closed and the request in work is answered`()
        async throws
    {
        let latch = Latch()
        let respond: Responder = { request in
            if request.has("SLOW") { await latch.pass() }
            return .text("ok")
        }
        try await TestServer.run(workers: 2, respond: respond) { server async throws in
            let path = server.path
            let idle = try Peer(path)
            let busy = try Peer(path)
            try await onThread {
                for peer in [idle, busy] {
                    #expect(try peer.ask(WireRequest.get().kept).status == 200)
                }
                try busy.send(WireRequest.get([("SLOW", "1")]).kept.bytes)
            }
            await latch.arrivals(1)
            #expect(try await server.stop(within: 0) == false)
            #expect(try await onThread { try idle.isClosed() }, "before the other is answered")
            await latch.open()
            let answer = try await onThread { try busy.answer() }
            #expect(answer.status == 200)
            #expect(answer.isWhole && !answer.isReset)
            #expect(try await server.stop())
        }
    }
}
