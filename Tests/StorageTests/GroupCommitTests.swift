import GRDB
import Sessions
import StorageConformance
import Synchronization
import Testing

@testable import Storage

@Suite struct GroupCommitTests {
    let database: TemporaryDatabase
    let storage: SQLiteStorage

    init() throws {
        database = try TemporaryDatabase()
        storage = try database.open()
    }

    @Test func `writes that fail do not fail the others of their transaction`() async throws {
        let user = Sample.user()
        try await storage.insert(Sample.account(user))
        let taken = Sample.session(of: user)
        _ = try await storage.insert(taken, keeping: 1000)
        let outcomes = await together(60) { [storage] number in
            let session =
                switch number % 3 {
                case 0: Sample.session(of: user)
                case 1: Sample.session(of: user, key: taken.key)
                default: Sample.session(of: Sample.user())
                }
            return await failure { _ = try await storage.insert(session, keeping: 1000) }
        }
        for (number, outcome) in outcomes {
            #expect(outcome == [nil, .duplicate, .unknownUser][number % 3])
        }
        #expect(try await count("sessions") == 21)
    }

    @Test func `what a failing write did before it failed is undone`() async throws {
        let rival = Sample.user("ada")
        try await storage.insert(Sample.account(rival))
        let outcomes = await together(20) { [storage] number in
            // The row of the user goes in before its second name turns out to be taken.
            let user = Sample.user("user\(number)", email: number % 2 == 0 ? "ada" : nil)
            return await failure { try await storage.insert(Sample.account(user)) }
        }
        for (number, outcome) in outcomes {
            #expect(outcome == (number % 2 == 0 ? .duplicate : nil))
        }
        #expect(try await count("users") == 11)
        #expect(try await count("account_names") == 11)
    }

    @Test func `64 callers share a few transactions`() async throws {
        let user = Sample.user()
        try await storage.insert(Sample.account(user))
        let commits = CommitCounter()
        try await storage.writer.writeWithoutTransaction { db in
            db.add(transactionObserver: commits, extent: .databaseLifetime)
        }
        _ = await together(64) { [storage] _ in
            _ = try? await storage.insert(Sample.session(of: user), keeping: 1000)
        }
        #expect(try await count("sessions") == 64)
        // How many depends on who arrives when; one each would be 64.
        #expect(commits.count >= 1)
        #expect(commits.count <= 32)
    }

    @Test func `a write that arrives while others are running joins their transaction`()
        async throws
    {
        let commits = CommitCounter()
        try await storage.writer.writeWithoutTransaction { db in
            db.add(transactionObserver: commits, extent: .databaseLifetime)
        }
        let group = storage.commits
        let late = Mutex<Task<Void, any Error>?>(nil)
        try await group.perform { db in
            try Self.countWrite(db)
            late.withLock { $0 = Task { try await group.perform(Self.countWrite) } }
            while group.line.withLock(\.waiting.isEmpty) {}
        }
        try await late.withLock { $0 }?.value
        #expect(commits.count == 1)
        #expect(
            try storage.readers.read { try Int.fetchOne($0, sql: "SELECT writes FROM probe") } == 2
        )
    }

    @Test func `a transaction that cannot be committed fails everybody in it`() async throws {
        let user = Sample.user()
        try await storage.insert(Sample.account(user))
        try await storage.writer.writeWithoutTransaction { db in
            db.add(transactionObserver: CommitRefusal(), extent: .databaseLifetime)
        }
        let outcomes = await together(20) { [storage] _ in
            await failure {
                _ = try await storage.insert(Sample.session(of: user), keeping: 1000)
            }
        }
        for (_, outcome) in outcomes { #expect(outcome?.code == "full") }
        #expect(try await count("sessions") == 0)
    }

    @Test func `a write that rolls back the whole transaction fails everybody in it`() async throws
    {
        let user = Sample.user()
        try await storage.insert(Sample.account(user))
        let outcomes = await together(20) { [storage] number in
            await failure {
                guard number == 10 else {
                    _ = try await storage.insert(Sample.session(of: user), keeping: 1000)
                    return
                }
                // What SQLite does by itself on some failures of the disk.
                try await storage.commits.perform { db in
                    try db.db.rollback()
                    throw DatabaseError(resultCode: .SQLITE_IOERR)
                }
            }
        }
        // Each is either refused or there: those that shared the transaction, those that did not.
        let kept = outcomes.count { $0.1 == nil }
        #expect(outcomes.contains { $0.0 == 10 && $0.1?.code == "io" })
        #expect(outcomes.allSatisfy { $0.1 == nil || $0.1?.code == "io" })
        #expect(try await count("sessions") == kept)
    }

    @Test func `a caller that is cancelled is told what happened to its write`() async throws {
        let user = Sample.user()
        try await storage.insert(Sample.account(user))
        let tasks = (0..<20).map { _ in
            Task { [storage] in
                try await storage.insert(Sample.session(of: user), keeping: 1000)
            }
        }
        for task in tasks { task.cancel() }
        for task in tasks { _ = try await task.value }
        #expect(try await count("sessions") == 20)
    }

    /// Runs `body` in `width` tasks at once and returns what each came to.
    private func together<Value: Sendable>(
        _ width: Int,
        _ body: @escaping @Sendable (Int) async -> Value
    ) async -> [(Int, Value)] {
        await withTaskGroup(of: (Int, Value).self) { group in
            for number in 0..<width {
                group.addTask { (number, await body(number)) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private static func countWrite(_ db: SQLiteDatabase) throws {
        try db.run("UPDATE probe SET writes = writes + 1")
    }

    private func count(_ table: String) async throws -> Int? {
        try storage.readers.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") }
    }
}

/// Counts the commits of a connection.
private final class CommitCounter: TransactionObserver, Sendable {
    private let commits = Atomic(0)
    var count: Int { commits.load(ordering: .relaxed) }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ db: Database) { commits.add(1, ordering: .relaxed) }
    func databaseDidRollback(_ db: Database) {}
}

/// Turns every commit of a connection into a failure.
private final class CommitRefusal: TransactionObserver, Sendable {
    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseWillCommit() throws { throw DatabaseError(resultCode: .SQLITE_FULL) }
    func databaseDidCommit(_ db: Database) {}
    func databaseDidRollback(_ db: Database) {}
}
