#if SharedEngines
import Accounts
import Sessions
import Storage
import StorageConformance
import Testing

@testable import SharedStorage

@Suite(.serialized, .timeLimit(.minutes(10))) struct DividedMoveTests {
    private let source: TestEngines
    private let target: TestEngines

    init() throws {
        source = try TestEngines()
        target = try TestEngines()
    }

    @Test func `everything moves, and nobody is logged out`() async throws {
        let (old, new) = (try source.open(), try target.open())
        defer {
            try? old.close()
            try? new.close()
        }
        var sessions: [Session] = []
        for name in ["ada", "bob"] {
            let user = Sample.user(name)
            try await old.insert(Sample.account(user), beginning: nil, by: nil)
            for age in Int64(0)..<700 {
                sessions.append(Sample.session(of: user, at: age % 7))
            }
        }
        // Of an earlier password: it has ended, though it lies there.
        let dead = Sample.session(of: sessions[0].userID)
        try await old.sessions.add(
            sessions.map { RedisSessions.Moved(session: $0, credentialVersion: 1) }
                + [RedisSessions.Moved(session: dead, credentialVersion: 0)]
        )
        let move = Move(from: old, to: new) { _ in }
        let counts = try await move.run(named: "old")
        #expect(counts.first { $0.table == "sessions" }?.rows == 1400)
        #expect(try await new.sessionCount() == 1400)
        for session in sessions.shuffled().prefix(20) {
            #expect(try await new.find(session.key)?.session == session)
        }
        #expect(try await new.find(dead.key) == nil)
    }

    @Test func `a prefix with sessions is no empty storage`() async throws {
        let (old, new) = (try source.open(), try target.open())
        defer {
            try? old.close()
            try? new.close()
        }
        let session = Sample.session(of: .random())
        try await new.sessions.add([.init(session: session, credentialVersion: 1)])
        await #expect(throws: Move.Failure.notEmpty) {
            try await Move(from: old, to: new) { _ in }.run(named: "old")
        }
    }
}
#endif
