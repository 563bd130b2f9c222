import FastCGI
import HTTP
import Testing

@Suite(.timeLimit(.minutes(10)))
struct AnswerTests {
    /// Pairs of a status and the line that must come first.
    static let statuses: [(Int, String)] = [
        (200, "Status: 200 OK"), (201, "Status: 201 Created"), (204, "Status: 204 No Content"),
        (303, "Status: 303 See Other"), (400, "Status: 400 Bad Request"),
        (401, "Status: 401 Unauthorized"), (403, "Status: 403 Forbidden"),
        (404, "Status: 404 Not Found"), (405, "Status: 405 Method Not Allowed"),
        (409, "Status: 409 Conflict"), (413, "Status: 413 Content Too Large"),
        (415, "Status: 415 Unsupported Media Type"), (429, "Status: 429 Too Many Requests"),
        (503, "Status: 503 Service Unavailable"),
        // What nobody has thought of must not become an answer that lets somebody in.
        (0, "Status: 500 Internal Server Error"), (-1, "Status: 500 Internal Server Error"),
        (299, "Status: 500 Internal Server Error"), (99_999, "Status: 500 Internal Server Error"),
    ]

    @Test func `a request is answered, ended and its connection closed`() async throws {
        try await TestServer.run(respond: { _ in .text("hello\n") }) { server async throws in
            let answer = try await server.ask(.get())
            #expect(
                String(decoding: answer.output, as: UTF8.self)
                    == "Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\n"
            )
            #expect(answer.isWhole)
            #expect(!answer.isReset)
            #expect(server.handled == 1)
        }
    }

    /// Without it nginx takes 200 for granted, and `auth_request` would let everybody in.
    @Test(arguments: statuses)
    func `the status comes first on every answer`(status: Int, line: String) async throws {
        let respond: Responder = { _ in
            var response = Response(status: status)
            response.add("Status", "200 OK")
            return response
        }
        try await TestServer.run(respond: respond) { server async throws in
            let answer = try await server.ask(.get())
            #expect(answer.lines == [line, "Status: 200 OK"])
            #expect(answer.body.isEmpty)
            #expect(answer.isWhole)
        }
    }

    /// libfcgi's buffer takes 8184 bytes of content; three megabytes need 367 of them.
    @Test(arguments: [0, 1, 8000, 8183, 8184, 8185, 8192, 65_535, 65_536, 3_000_000])
    func `an answer arrives whole whatever its size`(size: Int) async throws {
        let respond: Responder = { _ in
            var response = Response(status: 200)
            response.body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            return response
        }
        try await TestServer.run(workers: 1, respond: respond) { server async throws in
            let answer = try await server.ask(.get())
            #expect(answer.isWhole)
            #expect(answer.body.count == size)
            let isIntact = answer.body.enumerated().allSatisfy { index, byte in
                byte == UInt8(truncatingIfNeeded: index &* 31)
            }
            #expect(isIntact)
        }
    }

    @Test func `one request after the other, and none sees anything of another`() async throws {
        let respond: Responder = { request in
            let body = (try? request.body(atMost: 1000)) ?? Array("no body".utf8)
            let secret = request.parameter("HTTP_COOKIE") ?? "nobody"
            return .text("\(secret) \(String(decoding: body, as: UTF8.self))")
        }
        try await TestServer.run(workers: 1, respond: respond) { server async throws in
            var first = WireRequest.post(Array("one".utf8))
            first.add("HTTP_COOKIE", "session=abc")
            #expect(try await server.ask(first).bodyText == "session=abc one")
            #expect(try await server.ask(.get()).bodyText == "nobody ")
            #expect(try await server.ask(.post([])).bodyText == "nobody ")
            #expect(try await server.ask(.post(Array("4".utf8))).bodyText == "nobody 4")
        }
    }

    @Test func `the id of the request is the one that was asked with`() async throws {
        try await TestServer.run { server async throws in
            let bytes =
                Wire.begin(id: 258)
                + Wire.record(.params, Wire.pair(Array("REQUEST_METHOD".utf8), [71]), id: 258)
                + Wire.record(.params, id: 258) + Wire.record(.stdin, id: 258)
            let answer = try await server.ask(bytes)
            #expect(answer.ends == [258: 0])
            #expect(answer.status == 200)
        }
    }
}
