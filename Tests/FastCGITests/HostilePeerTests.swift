import FastCGI
import HTTP
import Testing

/// Peers that are no web server.
///
/// Only those that may connect to the socket can send any of this; the pool has to go on serving
/// the others.
@Suite(.timeLimit(.minutes(10)))
struct HostilePeerTests {
    static let rubbish: [(String, [UInt8])] = [
        ("nothing", []),
        ("one byte", [1]),
        ("half a header", [1, 1, 0, 1]),
        ("HTTP", Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)),
        ("TLS", [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3] + [UInt8](repeating: 9, count: 300)),
        ("zeros", [UInt8](repeating: 0, count: 10_000)),
        ("ones", [UInt8](repeating: 0xFF, count: 10_000)),
        ("version 0", Wire.header(version: 0, type: 1, length: 8) + [0, 1, 0, 0, 0, 0, 0, 0]),
        ("version 2", Wire.header(version: 2, type: 1, length: 8) + [0, 1, 0, 0, 0, 0, 0, 0]),
        ("parameters first", Wire.record(.params, Wire.pair([65], [66])) + Wire.record(.params)),
        ("body first", Wire.record(.stdin, [1, 2, 3])),
        (
            "an answer",
            Wire.record(.stdout, [1, 2, 3]) + Wire.record(.end, [0, 0, 0, 0, 0, 0, 0, 0])
        ),
        ("begin alone", Wire.begin()),
        ("begin without content", Wire.record(.begin)),
        ("begin too short", Wire.record(.begin, [0, 1, 0])),
        ("begin too long", Wire.record(.begin, [UInt8](repeating: 0, count: 100))),
        ("begin for id 0", Wire.begin(id: 0)),
        ("role 0", WireRequest(role: 0).bytes),
        ("role 9", WireRequest(role: 9).bytes),
        ("role 65535", WireRequest(role: 65_535).bytes),
        ("unknown type", Wire.header(type: 200, length: 4) + [1, 2, 3, 4]),
        ("management record", Wire.header(type: 99, id: 0, length: 4) + [1, 2, 3, 4]),
        ("empty management record", Wire.header(type: 99, id: 0, length: 0)),
        ("abort first", Wire.record(.abort)),
        ("begin and abort", Wire.begin() + Wire.record(.abort)),
        ("a name longer than the record", Wire.begin() + Wire.record(.params, [100, 1, 65])),
        ("a length cut in half", Wire.begin() + Wire.record(.params, [0x80, 0])),
    ]

    @Test(arguments: rubbish)
    func `rubbish is no request, and the next one is served`(
        name: String,
        bytes: [UInt8]
    ) async throws {
        try await TestServer.run(workers: 1) { server async throws in
            let answer = try await server.ask(bytes, halfClose: true)
            #expect(answer.status == nil || answer.status == 400, "\(name)")
            #expect(server.handled == 0, "\(name)")
            #expect(await server.nextEvent() == .malformedRequest, "\(name)")
            #expect(try await server.ask(.get()).status == 200, "\(name)")
        }
    }

    /// Management records ask about the application and may precede a request (FastCGI 4.1).
    @Test func `a question about the application is answered and the request after it too`()
        async throws
    {
        try await TestServer.run(workers: 1) { server async throws in
            let question = Wire.record(
                .getValues,
                Wire.pair(Array("FCGI_MPXS_CONNS".utf8), []),
                id: 0
            )
            let answer = try await server.ask(question + WireRequest.get().bytes)
            #expect(answer.types.first == Wire.Kind.getValuesResult.rawValue)
            #expect(answer.status == 200)
        }
    }

    @Test func `a second request on the same connection is told that it cannot be`() async throws {
        let respond: Responder = { request in
            .text("\((try? request.body(atMost: 100))?.count ?? -1)")
        }
        try await TestServer.run(workers: 1, respond: respond) { server async throws in
            let request = WireRequest.post([1, 2, 3])
            let bytes = request.head + Wire.begin(id: 2) + Wire.stream(.stdin, request.body)
            let answer = try await server.ask(bytes)
            #expect(answer.bodyText == "3")
            #expect(answer.ends == [1: 0, 2: 1])
            #expect(server.handled == 1)
        }
    }

    @Test func `peers that leave before the answer cost nothing`() async throws {
        let latch = Latch()
        let respond: Responder = { request in
            guard request.has("X") else { return .text("ok") }
            await latch.pass()
            // Larger than a socket's buffer, so that writing notices that nobody reads.
            return .text(String(repeating: "x", count: 1_000_000))
        }
        try await TestServer.run(workers: 2, respond: respond) { server async throws in
            let path = server.path
            for _ in 0..<2 {
                try await onThread {
                    let peer = try Peer(path)
                    try peer.send(WireRequest.get([("X", "leave")]).bytes)
                    peer.halfClose()
                }
            }
            await latch.arrivals(2)
            await latch.open()
            for _ in 0..<4 { #expect(try await server.ask(.get()).status == 200) }
        }
    }

    @Test func `a hundred empty connections are no hindrance`() async throws {
        try await TestServer.run(workers: 2) { server async throws in
            let path = server.path
            try await onThread { for _ in 0..<100 { _ = try Peer(path) } }
            #expect(try await server.ask(.get()).status == 200)
            #expect(server.handled == 1)
        }
    }

    /// Random bytes behind a valid beginning.
    ///
    /// Lengths are kept small: huge ones end the process, which is why only the web server may
    /// connect.
    @Test(arguments: 0..<8)
    func `random records never reach the handler nor stop it`(seed: UInt64) async throws {
        try await TestServer.run(workers: 1) { server async throws in
            var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
            func draw(_ count: UInt64) -> UInt64 {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                return state % count
            }
            for _ in 0..<40 {
                var bytes = draw(2) == 0 ? Wire.begin() : []
                for _ in 0..<draw(6) {
                    let content = (0..<draw(40)).map { _ in UInt8(draw(128)) }
                    // Everything but GET_VALUES, in which libfcgi trusts the peer.
                    let type = [1, 2, 3, 4, 4, 4, 5, 6, 7, 8, 10, 11, 12][Int(draw(13))]
                    bytes += Wire.header(
                        type: UInt8(type),
                        id: UInt16(draw(3)),
                        length: content.count
                    )
                    bytes += content
                }
                let answer = try await server.ask(bytes, halfClose: true)
                #expect(answer.status == nil || answer.status == 400, "seed \(seed)")
            }
            #expect(server.handled == 0)
            #expect(try await server.ask(.get()).status == 200)
        }
    }
}
