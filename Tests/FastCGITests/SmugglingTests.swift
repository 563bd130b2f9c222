import FastCGI
import HTTP
import Testing

/// Requests forged in the body of another (FCGI_KEEP_CONN).
@Suite(.timeLimit(.minutes(10)))
struct SmugglingTests {
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
}
