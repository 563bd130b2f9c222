import Accounts
import GRDB
import Sessions
import StorageConformance
import Synchronization
import Telemetry
import Testing

@testable import Storage

/// Moving everything from one database to another.
@Suite struct MoveTests {
    private let folders: [TemporaryDatabase]
    private let source: SQLiteStorage
    private let target: SQLiteStorage

    init() throws {
        folders = [try TemporaryDatabase(), try TemporaryDatabase()]
        source = try folders[0].open()
        target = try folders[1].open()
    }

    /// Fills the source with something in every table.
    private func fill(accounts: Int = 3) async throws {
        for number in 0..<accounts {
            let user = Sample.user(
                "user\(number)",
                email: "\(number)@example.org",
                groups: ["a", "b"]
            )
            try await source.insert(Sample.account(user))
            for age in 0..<Int64(3) {
                _ = try await source.insert(Sample.session(of: user, at: age), keeping: 100)
            }
        }
        let user = try #require(
            try await source.users(matching: "", after: nil, limit: 1).users.first
        )
        try await source.insertLink(
            PasswordLink(
                digest: Sample.session(of: user).key,
                userID: user.id,
                expiresAt: Sample.start
            )
        )
        try await source.remember(
            KnownDevice(key: Sample.session(of: user).key, userID: user.id, usedAt: Sample.start),
            keeping: 5
        )
        let key = try #require(ThrottleKey(scope: 1, bytes: [UInt8](repeating: 7, count: 16)))
        try await source.write([ThrottleEntry(key: key, failures: 2, lastTryAt: Sample.start)])
        try await source.append([
            AuditRecord(at: 1, event: "a"), AuditRecord(at: 2, event: "b", user: "\0'ü"),
        ])
    }

    private func move(
        from source: any Movable,
        report: @escaping @Sendable (Move.Progress) -> Void = { _ in }
    ) async throws(Move.Failure) -> [String: Int] {
        let counts = try await Move(from: source, to: target, report: report).run(named: "here")
        return Dictionary(uniqueKeysWithValues: counts.map { ($0.table, $0.rows) })
    }

    /// Every row of every table, as text.
    private func contents(of storage: SQLiteStorage) async throws -> [String: Set<[SQLValue]>] {
        var contents: [String: Set<[SQLValue]>] = [:]
        for table in MovableTable.all {
            let rows = try await storage.rows(of: table, after: nil, limit: 10_000)
            contents[table.name] = Set(rows)
        }
        return contents
    }

    @Test func `a move copies every row of every table and counts them`() async throws {
        try await fill()
        let counts = try await move(from: source)
        #expect(
            counts == [
                "users": 3, "account_names": 6, "user_groups": 6, "sessions": 9,
                "password_links": 1, "known_devices": 1, "throttle": 1, "audit": 2,
            ]
        )
        #expect(try await contents(of: target) == contents(of: source))
        #expect(try await target.unfinishedMove() == nil)
    }

    @Test func `every table that holds what people have is moved`() throws {
        let tables = try source.readers.read { db in
            try SQLiteDatabase(db: db).all(
                "SELECT name FROM sqlite_schema WHERE type = 'table'",
                []
            ) { try $0.text(at: 0) }
        }
        let others: Set = ["grdb_migrations", "probe", "ended_sessions", "sqlite_stat1"]
        #expect(Set(tables).subtracting(others) == Set(MovableTable.all.map(\.name)))
        for table in MovableTable.all {
            let columns = try source.readers.read { db in
                try SQLiteDatabase(db: db).all(
                    "SELECT name FROM pragma_table_info('\(table.name)')",
                    []
                ) { try $0.text(at: 0) }
            }
            #expect(Set(columns) == Set(table.columns.map(\.name)))
        }
    }

    @Test(arguments: MovableTable.all.map(\.name))
    func `a move that was broken off goes on`(table: String) async throws {
        try await fill(accounts: 700)
        let broken = BreakingSource(source: source, table: table)
        await #expect(throws: Move.Failure.storage(BreakingSource.failure)) {
            try await move(from: broken)
        }
        #expect(try await target.unfinishedMove() == "here")
        _ = try await move(from: source)
        #expect(try await contents(of: target) == contents(of: source))
        #expect(try await target.unfinishedMove() == nil)
    }

    @Test func `a move begins only where nobody is`() async throws {
        try await fill()
        try await target.insert(Sample.account(Sample.user("somebody")))
        await #expect(throws: Move.Failure.notEmpty) { try await move(from: source) }
        #expect(try await target.unfinishedMove() == nil)
    }

    @Test func `a move goes on from the same source only`() async throws {
        try await fill()
        try await target.beginMove(from: "elsewhere")
        await #expect(throws: Move.Failure.notEmpty) { try await move(from: source) }
    }

    @Test func `a source that is changed meanwhile is noticed`() async throws {
        try await fill()
        let source = source
        let isChanged = Mutex(false)
        await #expect(throws: Move.Failure.differs(table: "audit", source: 3, target: 2)) {
            try await move(from: source) { progress in
                let isFirst = isChanged.withLock { isChanged in
                    defer { isChanged = isChanged || progress.step == .comparing }
                    return progress.step == .comparing && !isChanged
                }
                guard isFirst else { return }
                _ = try? source.writer.write { db in
                    try SQLiteDatabase(db: db).add([AuditRecord(at: 3, event: "late")])
                }
            }
        }
        #expect(try await target.unfinishedMove() == "here")
    }

    @Test func `a value that differs is noticed though as many rows are there`() async throws {
        try await fill()
        let falsifying = BreakingSource(source: source, table: "users", isFalsifying: true)
        await #expect(throws: Move.Failure.differs(table: "users", source: 3, target: 3)) {
            try await move(from: falsifying)
        }
    }
}

/// A source that fails at the second page of a table, or gives one value differently each time.
private struct BreakingSource: Movable {
    static let failure = StorageError.unavailable(code: "io", detail: "made to fail")
    let source: SQLiteStorage
    let table: String
    var isFalsifying = false
    private let reads = Counter()

    init(source: SQLiteStorage, table: String, isFalsifying: Bool = false) {
        self.source = source
        self.table = table
        self.isFalsifying = isFalsifying
    }

    func rows(
        of table: MovableTable,
        after key: MovableTable.Row?,
        limit: Int
    ) async throws(StorageError) -> [MovableTable.Row] {
        var rows = try await source.rows(of: table, after: key, limit: limit)
        guard table.name == self.table else { return rows }
        let read = reads.next()
        if !isFalsifying, read == 2 { throw Self.failure }
        if isFalsifying, !rows.isEmpty { rows[0][1] = .text("another \(read)") }
        return rows
    }

    func unfinishedMove() async throws(StorageError) -> String? { nil }
    func beginMove(from source: String) async throws(StorageError) {}
    func finishMove() async throws(StorageError) {}
    func lastKey(of table: MovableTable) async throws(StorageError) -> MovableTable.Row? { nil }
    func add(_ rows: [MovableTable.Row], to table: MovableTable) async throws(StorageError) {}
}

private final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
