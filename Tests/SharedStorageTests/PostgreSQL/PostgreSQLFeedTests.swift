#if SharedEngines
import Glibc
import Sessions
import Storage
import Testing

@testable import SharedStorage

@Suite(.timeLimit(.minutes(10))) struct PostgreSQLFeedTests {
    let schema: TestSchema
    let client: PostgreSQLClient
    let listener: PostgreSQLListener
    let key: TokenDigest

    init() throws {
        schema = try TestSchema()
        try PostgreSQLSchema.bringUpToDate(schema.connect())
        client = PostgreSQLClient(url: try PostgreSQLURL(schema.url))
        listener = try PostgreSQLListener(client)
        key = try #require(TokenDigest(bytes: Array(repeating: 0xFB, count: 32)))
    }

    @Test func `the first call says that it may be anything`() throws {
        #expect(try listener.changes(within: .seconds(5)) == [.anything])
        #expect(try listener.changes(within: .milliseconds(1)) == [])
    }

    @Test func `a change is told once, when it is committed`() throws {
        _ = try listener.changes(within: .zero)
        let other = try schema.connect()
        let id = PublicID.random()
        try notify("s\(Base64URL.encode(key.bytes))", "u\(id.text)", by: other)
        #expect(try heard() == [.session(key), .user(id)])
        #expect(try listener.changes(within: .milliseconds(100)) == [])
    }

    @Test func `what an unknown version says is anything`() throws {
        _ = try listener.changes(within: .zero)
        for payload in ["x-unknown", "unreadable"] {
            try notify(payload, by: schema.connect())
            #expect(try heard() == [.anything])
        }
    }

    @Test func `what is undone is not told`() throws {
        _ = try listener.changes(within: .zero)
        let connection = try schema.connect()
        #expect(throws: StorageError.conflict) {
            try connection.transact(locking: []) { connection in
                try connection.ask(
                    "SELECT pg_notify(\(PostgreSQLConnection.channelSQL), '*')"
                )
                throw StorageError.conflict
            }
        }
        #expect(try listener.changes(within: .milliseconds(100)) == [])
        #expect(connection.isUsable)
    }

    @Test func `another schema of the database has changes of its own`() throws {
        _ = try listener.changes(within: .zero)
        let neighbour = try TestSchema()
        try PostgreSQLSchema.bringUpToDate(neighbour.connect())
        try notify("*", by: neighbour.connect())
        #expect(try listener.changes(within: .milliseconds(100)) == [])
    }

    @Test func `a question is asked twenty times a second and each answer is a proof`() throws {
        _ = try listener.changes(within: .zero)
        let begin = ContinuousClock.now
        _ = try listener.changes(within: .milliseconds(200))
        #expect(listener.lastProof > begin)
    }

    @Test func `a server that goes away is noticed at once`() throws {
        _ = try listener.changes(within: .zero)
        let other = try schema.connect()
        try other.ask(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE query LIKE 'LISTEN coatcheck_' || to_regclass('coatcheck_schema')::oid::text
                AND pid <> pg_backend_pid()
            """
        )
        #expect(throws: StorageError.lost) {
            for _ in 0..<100 { _ = try listener.changes(within: .milliseconds(100)) }
        }
        #expect(!listener.isUsable)
    }

    @Test(arguments: [StorageChange.anything, .user(.random())])
    func `a change is the same after it was written and read`(_ change: StorageChange) {
        #expect(StorageChange(payload: change.payload) == change)
        #expect(StorageChange(payload: StorageChange.session(key).payload) == .session(key))
    }

    /// What is told next; a call may return before that, with the answer to an earlier question.
    private func heard() throws -> Set<StorageChange> {
        let end = Deadline(in: .seconds(10))
        while !end.hasPassed {
            let changes = try listener.changes(within: .milliseconds(100))
            if !changes.isEmpty { return Set(changes) }
        }
        return []
    }

    private func notify(_ payloads: String..., by connection: PostgreSQLConnection) throws {
        let sql = "SELECT pg_notify(\(PostgreSQLConnection.channelSQL), CAST(? AS TEXT))"
        for payload in payloads.dropLast() { connection.queue(sql, [.text(payload)]) }
        // One round trip is one transaction.
        try connection.ask(sql, [.text(payloads.last ?? "")])
    }
}
#endif
