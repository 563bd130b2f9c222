import Glibc
import HTTP
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

    @Test func `beyond the limit the connection that has waited longest is closed`() throws {
        let kept = KeptConnections(limit: 2)
        let pairs = try (0..<3).map { _ in
            var pair: [CInt] = [-1, -1]
            let type = CInt(
                SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
            )
            try #require(unsafe socketpair(AF_UNIX, type, 0, &pair) == 0)
            return pair
        }
        defer { for pair in pairs { close(pair[1]) } }
        var byte: UInt8 = 0
        // A process that another test starts may hold a copy of the other end for a moment.
        func ends(_ descriptor: CInt) -> Bool {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return unsafe poll(&entry, 1, 10_000) == 1 && read(descriptor, &byte, 1) == 0
        }
        kept.add(pairs[0][0])
        kept.add(pairs[1][0])
        #expect(kept.claim(pairs[0][0]))
        #expect(!kept.claim(pairs[0][0]), "one owner at a time")
        kept.add(pairs[0][0])
        #expect(unsafe read(pairs[1][1], &byte, 1) == -1 && errno == EAGAIN)
        kept.add(pairs[2][0])
        #expect(ends(pairs[1][1]))
        #expect(!kept.claim(pairs[1][0]))
        #expect(unsafe read(pairs[0][1], &byte, 1) == -1 && errno == EAGAIN)
        kept.close()
        #expect(ends(pairs[0][1]))
        #expect(ends(pairs[2][1]))
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
