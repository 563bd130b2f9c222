import FastCGI
import HTTP
import Testing

@Suite(.timeLimit(.minutes(10)))
struct ParameterTests {
    /// Answers with what the request says about the parameter X.
    static let describe: Responder = { request in
        let text = request.parameter("X").map { "'\($0)'" } ?? "absent"
        return .text("\(text) \(request.bytes(of: "X").count) \(request.has("X"))")
    }

    @Test(arguments: [
        ([], "absent 0 false"),
        ([("X", "")], "'' 0 false"),
        ([("X", "value")], "'value' 5 true"),
        // The web server's own line must win over one that a client smuggled in behind it.
        ([("X", "first"), ("X", "second")], "'first' 5 true"),
        ([("X", ""), ("X", "second")], "'' 0 false"),
        ([("XX", "longer"), ("HTTP_X", "other"), ("x", "lower")], "absent 0 false"),
        ([("XX", "longer"), ("X", "mine")], "'mine' 4 true"),
        ([("X", "a=b=c")], "'a=b=c' 5 true"),
        ([("X", "grüße")], "'grüße' 7 true"),
        ([("X", "cut\u{0}here")], "'cut' 3 true"),
    ])
    func `a parameter is found by its whole name, the first of several`(
        parameters: [(String, String)],
        expected: String
    ) async throws {
        try await TestServer.run(respond: ParameterTests.describe) { server async throws in
            #expect(try await server.ask(.get(parameters)).bodyText == expected)
        }
    }

    @Test func `bytes that are not UTF-8 reach the handler as they are`() async throws {
        let respond: Responder = { request in
            let bytes = request.bytes(of: "X")
            let spanned = request.withParameter("X") { $0.count } ?? -1
            return .text("\(bytes) \(spanned) \(request.parameter("X") ?? "")")
        }
        try await TestServer.run(respond: respond) { server async throws in
            var request = WireRequest.get()
            request.parameters.append((Array("X".utf8), [0x61, 0xFF, 0xC3, 0x62]))
            let text = try await server.ask(request).bodyText
            #expect(text == "[97, 255, 195, 98] 4 a\u{FFFD}\u{FFFD}b")
        }
    }

    /// Lengths from 128 up take four bytes (FastCGI 3.4); from 8192 up a value spans buffers.
    @Test(arguments: [1, 126, 127, 128, 129, 255, 256, 8191, 8192, 8193, 60_000, 200_000])
    func `a value of any length arrives whole`(length: Int) async throws {
        let respond: Responder = { request in
            let bytes = request.bytes(of: "X")
            let isIntact = bytes.enumerated().allSatisfy { $1 == UInt8($0 % 251) + 1 }
            return .text("\(bytes.count) \(isIntact) \(request.parameter("AFTER") ?? "")")
        }
        try await TestServer.run(respond: respond) { server async throws in
            var request = WireRequest.get()
            request.parameters.append((Array("X".utf8), (0..<length).map { UInt8($0 % 251) + 1 }))
            request.add("AFTER", "still here")
            #expect(try await server.ask(request).bodyText == "\(length) true still here")
        }
    }

    @Test func `a name of 200 bytes and hundreds of parameters are read`() async throws {
        let respond: Responder = { request in
            .text(request.parameter("LAST") ?? "absent")
        }
        try await TestServer.run(respond: respond) { server async throws in
            var request = WireRequest.get([(String(repeating: "N", count: 200), "long name")])
            for index in 0..<500 { request.add("P\(index)", String(repeating: "v", count: index)) }
            request.add("LAST", "seen")
            #expect(try await server.ask(request).bodyText == "seen")
        }
    }

    @Test(arguments: [1, 2, 3, 7, 8, 100])
    func `parameters and body may come in records of any size`(step: Int) async throws {
        let respond: Responder = { request in
            let body = (try? request.body(atMost: 100)) ?? []
            return .text("\(request.parameter("X") ?? "") \(String(decoding: body, as: UTF8.self))")
        }
        try await TestServer.run(respond: respond) { server async throws in
            var request = WireRequest.post(Array("the body".utf8))
            request.add("X", String(repeating: "x", count: 150))
            request.step = step
            let expected = String(repeating: "x", count: 150) + " the body"
            #expect(try await server.ask(request).bodyText == expected)
        }
    }

    @Test func `padding is skipped`() async throws {
        try await TestServer.run(respond: ParameterTests.describe) { server async throws in
            let pairs =
                Wire.pair(Array("REQUEST_METHOD".utf8), Array("GET".utf8))
                + Wire.pair([UInt8(ascii: "X")], Array("value".utf8))
            let bytes =
                Wire.begin() + Wire.record(.params, Array(pairs.prefix(9)), padding: 7)
                + Wire.record(.params, Array(pairs.dropFirst(9)), padding: 255)
                + Wire.record(.params, padding: 8) + Wire.record(.stdin, padding: 1)
            #expect(try await server.ask(bytes).bodyText == "'value' 5 true")
        }
    }

    // MARK: what must not be decided on

    @Test(arguments: [[], [("REQUEST_METHOD", "")], [("REQUEST_METHODS", "GET")]])
    func `a request without a method is refused and the handler not run`(
        parameters: [(String, String)]
    ) async throws {
        try await TestServer.run { server async throws in
            var request = WireRequest(parameters: [])
            for (name, value) in parameters { request.add(name, value) }
            let answer = try await server.ask(request)
            #expect(answer.status == 400)
            #expect(answer.isWhole)
            #expect(server.handled == 0)
            #expect(await server.nextEvent() == .malformedRequest)
        }
    }

    /// The parameters break off behind a whole pair; libfcgi hands such a request out.
    @Test(arguments: [
        Wire.record(.stdin), Wire.record(.stdin, [1, 2, 3]), Wire.record(.abort), [],
        Wire.header(type: 4, length: 100), Wire.header(version: 9, type: 4, length: 0),
    ])
    func `parameters that break off are refused with 400 and the handler not run`(
        ending: [UInt8]
    ) async throws {
        try await TestServer.run { server async throws in
            let pairs =
                Wire.pair(Array("REQUEST_METHOD".utf8), Array("GET".utf8))
                + Wire.pair(Array("COATCHECK_MODE".utf8), Array("check".utf8))
            let bytes = Wire.begin() + Wire.record(.params, pairs) + ending
            let answer = try await server.ask(bytes, halfClose: true)
            #expect(answer.status == 400 || answer.output.isEmpty)
            #expect(server.handled == 0)
            #expect(await server.nextEvent() == .malformedRequest)
            #expect(try await server.ask(.get()).status == 200)
        }
    }

    /// Every prefix of a request: no handler before the last byte of the parameters' end.
    @Test func `a request cut at any byte reaches the handler only with all parameters`()
        async throws
    {
        try await TestServer.run(workers: 1) { server async throws in
            let request = WireRequest.get([("X", "1"), ("COATCHECK_POLICY", "admin")])
            let whole = request.bytes
            for length in 0..<whole.count {
                let before = server.handled
                let answer = try await server.ask(Array(whole.prefix(length)), halfClose: true)
                let isComplete = length >= request.head.count
                #expect(server.handled - before == (isComplete ? 1 : 0), "cut at \(length)")
                #expect(answer.status != 200 || isComplete, "cut at \(length)")
            }
            #expect(try await server.ask(request).status == 200)
        }
    }
}
