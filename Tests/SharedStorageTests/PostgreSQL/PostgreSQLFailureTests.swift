#if SharedEngines
import Sessions
import Storage
import StorageConformance
import Testing

@testable import SharedStorage

@Suite(.serialized, .timeLimit(.minutes(10))) struct PostgreSQLFailureTests {
    let machines: TwoMachines
    var here: PostgreSQLStorage { machines.here }
    var there: PostgreSQLStorage { machines.there }

    init() throws {
        machines = try TwoMachines()
    }

    @Test func `sessions that somebody else has shut are said to be locked`() async throws {
        let (_, sessions) = try await machines.addPerson(sessions: 1)
        let other = try machines.schema.connect()
        // A busy machine may come to the end of the test late.
        try other.ask("SET idle_in_transaction_session_timeout = 0")
        try other.ask("BEGIN")
        try other.ask("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")
        let begin = ContinuousClock.now
        let failure = await outcome { _ = try await here.find(sessions[0].key) }
        #expect(failure == .unavailable(code: "locked", detail: "SQLSTATE 55P03"))
        // The server gives up after 1.5 s; the rest is for a busy machine.
        #expect(ContinuousClock.now - begin < .seconds(10))
        try other.ask("ROLLBACK")
        #expect(try await here.find(sessions[0].key) != nil)
        #expect(here.connections[0].isReachable)
    }

    @Test func `connections that the server ends are made anew`() async throws {
        let (_, sessions) = try await machines.addPerson(sessions: 2)
        try await machines.settleFeeds()
        let admin = try TestSchema.connect(to: TestSchema.base)
        try admin.ask(
            """
            SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
            WHERE application_name = CAST(? AS TEXT)
            """,
            [.text(machines.schema.name)]
        )
        // Those that were idle were seen to be gone before they were used.
        for session in sessions { #expect(try await here.find(session.key) != nil) }
        #expect(await outcome { _ = try await here.changesOfOthers() } != nil)
        #expect(try await here.changesOfOthers() == [.anything])
        #expect(here.connections[0].reconnects > 0)
        #expect(here.connections[0].isReachable)
        let lag = try #require(here.connections[0].feedLag)
        #expect(lag < 60)
    }

    @Test func `what was acknowledged is on the disk, whatever the database's rule`() throws {
        let url = try PostgreSQLURL(TestSchema.base)
        for (given, found) in [("off", "on"), ("local", "local"), ("on", "on")] {
            let connection = try PostgreSQLClient(
                url: url.with(["options": "-c synchronous_commit=\(given)"])
            ).connect()
            let value = try connection.first("SHOW synchronous_commit", []) {
                try $0.optionalText(at: 0)
            }
            #expect(value == found)
        }
    }

    @Test func `a storage that is closed says so`() async throws {
        try here.close()
        #expect(await outcome { _ = try await here.user(.random()) }?.cause.code == "closed")
        #expect(await outcome { _ = try await here.changesOfOthers() }?.cause.code == "closed")
        #expect(await outcome { try await here.probe() }?.cause.code == "closed")
        #expect(await outcome { try await there.probe() } == nil)
    }
}
#endif
