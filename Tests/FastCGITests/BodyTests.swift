import FastCGI
import HTTP
import Testing

@Suite(.timeLimit(.minutes(10)))
struct BodyTests {
    /// Answers with the length of the body, or why there is none; at most 1000 bytes are taken.
    static let measure: Responder = { request in
        do throws(BodyError) {
            return .text(try "\(request.body(atMost: 1000).count)")
        } catch {
            return .text("\(error)", status: error == .tooLarge ? 413 : 400)
        }
    }

    @Test(arguments: [0, 1, 127, 999, 1000])
    func `a body within the limit is read whole`(size: Int) async throws {
        let respond: Responder = { request in
            var response = Response(status: 200)
            response.body = (try? request.body(atMost: 1000)) ?? []
            return response
        }
        try await TestServer.run(respond: respond) { server async throws in
            let body = (0..<size).map { UInt8($0 % 256) }
            let answer = try await server.ask(.post(body))
            #expect(answer.body == body)
            #expect(answer.isWhole)
        }
    }

    @Test(arguments: [1001, 65_536, 300_000])
    func `a body beyond the limit is refused and the refusal arrives`(size: Int) async throws {
        try await TestServer.run(workers: 1, respond: BodyTests.measure) { server async throws in
            let answer = try await server.ask(.post([UInt8](repeating: 7, count: size)))
            #expect(answer.bodyText == "tooLarge")
            #expect(answer.isWhole)
            #expect(try await server.ask(.get()).status == 200)
        }
    }

    /// RFC 3875, 4.2: the length is digits, and the body is as long as it says.
    @Test(arguments: [
        ("", 0, "0"), ("0", 0, "0"), ("5", 5, "5"), ("005", 5, "5"),
        ("6", 5, "truncated"), ("1000", 5, "truncated"), ("1001", 5, "tooLarge"),
        ("4", 5, "truncated"), ("0", 5, "truncated"), ("", 5, "truncated"),
        ("-1", 5, "truncated"), ("-0", 0, "truncated"), ("+5", 5, "truncated"),
        ("abc", 5, "truncated"), ("0x5", 5, "truncated"), ("5 ", 5, "truncated"),
        (" 5", 5, "truncated"), ("5,5", 5, "truncated"), ("5.0", 5, "truncated"),
        ("1e0", 1, "truncated"), ("٥", 5, "truncated"),
        ("9223372036854775807", 5, "tooLarge"), ("9223372036854775808", 5, "truncated"),
        ("99999999999999999999999", 5, "truncated"),
    ])
    func `a length that is no number or not the body's is refused`(
        length: String,
        size: Int,
        expected: String
    ) async throws {
        try await TestServer.run(workers: 1, respond: BodyTests.measure) { server async throws in
            let body = [UInt8](repeating: 1, count: size)
            let answer = try await server.ask(.post(body, length: length))
            #expect(answer.bodyText == expected)
            #expect(answer.isWhole)
            #expect(try await server.ask(.get()).bodyText == "0")
        }
    }

    /// The connection breaks in the middle of the body.
    @Test(arguments: [0, 1, 8, 9, 12])
    func `a body that breaks off is truncated`(length: Int) async throws {
        try await TestServer.run(workers: 1, respond: BodyTests.measure) { server async throws in
            let request = WireRequest.post(Array("12345".utf8))
            let stdin = Wire.record(.stdin, request.body)
            let bytes = request.head + stdin.prefix(length)
            let answer = try await server.ask(bytes, halfClose: true)
            #expect(answer.bodyText == "truncated")
            #expect(try await server.ask(.get()).status == 200)
        }
    }

    @Test func `a second reading finds nothing left`() async throws {
        let respond: Responder = { request in
            let first = (try? request.body(atMost: 1000))?.count ?? -1
            let second = (try? request.body(atMost: 1000))?.count ?? -1
            return .text("\(first) \(second)")
        }
        try await TestServer.run(respond: respond) { server async throws in
            #expect(try await server.ask(.post([1, 2, 3])).bodyText == "3 -1")
        }
    }

    /// Closing a unix socket with bytes unread resets it, and nginx would report 502.
    @Test(arguments: [1, 8192, 100_000, 1_000_000])
    func `a body that nobody read is drained and the answer arrives whole`(
        size: Int
    ) async throws {
        try await TestServer.run(workers: 1) { server async throws in
            for _ in 0..<3 {
                let answer = try await server.ask(.post([UInt8](repeating: 7, count: size)))
                #expect(answer.bodyText == "ok")
                #expect(answer.isWhole)
                #expect(!answer.isReset)
            }
            #expect(server.handled == 3)
        }
    }

    @Test func `a body without an end does not take the worker with it`() async throws {
        try await TestServer.run(workers: 1) { server async throws in
            let flood = try await server.ask(.post([UInt8](repeating: 7, count: 5_000_000)))
            // What lies beyond the drain limit is not waited for; the answer may be lost.
            #expect(flood.status == 200 || flood.isReset)
            #expect(try await server.ask(.get()).status == 200)
        }
    }
}
