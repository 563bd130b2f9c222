import GRDB
import Sessions
import StorageConformance
import Telemetry
import Testing

@testable import Storage

/// The audit trail in the database (ASVS 16.2.1: who, what, when, where).
@Suite struct AuditTests {
    let database: TemporaryDatabase
    let storage: SQLiteStorage
    private let start = Sample.start.seconds

    init() throws {
        database = try TemporaryDatabase()
        storage = try database.open()
    }

    @Test func `a line is read back as it was written, also after reopening`() async throws {
        let full = AuditRecord(
            at: start + 1,
            event: "user_updated",
            user: PublicID.random().text,
            by: "console:root",
            session: PublicID.random().text,
            address: "2001:db8::1",
            request: "0123abcd",
            detail: "change=\"it's \\\"so\\\" \u{0}; --\""
        )
        let bare = AuditRecord(at: start, event: "sys_startup")
        try await storage.append([full, bare])
        try await storage.append([])
        #expect(try await storage.audit(limit: 9).map(\.record) == [full, bare])
        try storage.close()
        let again = try database.open()
        #expect(try await again.audit(limit: 9).map(\.record) == [full, bare])
        try again.close()
    }

    @Test func `lines of a batch that cannot be written are all left out`() async throws {
        try await storage.writer.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER refusal BEFORE INSERT ON audit WHEN new.event = 'bad'
                    BEGIN SELECT raise(ABORT, 'refused'); END
                    """
            )
        }
        await #expect(throws: StorageError.self) {
            try await storage.append(records("good", "bad"))
        }
        #expect(try await storage.audit(limit: 9).isEmpty)
    }

    @Test func `each filter lets through what it names, the newest first`() async throws {
        let all = (0..<60).map { number in
            AuditRecord(
                at: start + Int64(number / 2),
                event: ["login", "logout", "denied"][number % 3],
                user: [nil, "ada", "bob", "carl"][number % 4],
                by: [nil, nil, "ada", "carl", "console:root"][number % 5],
                detail: "n=\(number)"
            )
        }
        for record in all.shuffled() { try await storage.append([record]) }
        let filters = [
            AuditFilter(), AuditFilter(user: "ada"), AuditFilter(event: "denied"),
            AuditFilter(user: "bob", event: "login"),
            AuditFilter(since: Timestamp(seconds: start + 5)),
            AuditFilter(until: Timestamp(seconds: start + 7)),
            AuditFilter(
                user: "carl",
                event: "logout",
                since: Timestamp(seconds: start + 5),
                until: Timestamp(seconds: start + 25)
            ),
            AuditFilter(user: "nobody"), AuditFilter(user: "' OR 1=1 --"),
        ]
        for filter in filters {
            let expected = all.filter { passes($0, filter) }
            let found = try await storage.auditRecords(matching: filter, limit: 100)
            #expect(Set(found) == Set(expected))
            #expect(found.count == expected.count)
            #expect(found.map(\.at) == expected.map(\.at).sorted(by: >))
            #expect(try await pages(filter) == found)
        }
    }

    @Test func `old lines are removed, the oldest first, at most limit at a time`() async throws {
        try await storage.append(records("a", "b", "c", "d", "e"))
        let time = Timestamp(seconds: start + 3)
        #expect(try await storage.removeAudit(before: time, limit: 2) == 2)
        #expect(try await storage.audit(limit: 9).map(\.record.event) == ["e", "d", "c"])
        #expect(try await storage.removeAudit(before: time, limit: 2) == 1)
        #expect(try await storage.removeAudit(before: time, limit: 2) == 0)
        #expect(try await storage.audit(limit: 9).map(\.record.event) == ["e", "d"])
    }

    @Test(arguments: [
        (AuditFilter(), ["audit_by_time"]), (AuditFilter(event: "e"), ["audit_by_event"]),
        (AuditFilter(user: "u"), ["audit_by_user", "audit_by_actor"]),
        (AuditFilter(user: "u", event: "e"), ["audit_by_user", "audit_by_actor"]),
    ])
    func `a page is read along an index in its order`(
        _ filter: AuditFilter,
        _ indexes: [String]
    ) throws {
        let sql = SQLiteStorage.sql(of: filter)
        let plan = try storage.read { db in
            let count = 4 + (filter.event == nil ? 0 : 1) + (filter.user == nil ? 0 : 1)
            return try db.all(
                "EXPLAIN QUERY PLAN " + sql,
                .init(repeating: .integer(1), count: count)
            ) {
                try $0.text(at: 3)
            }
        }
        let walks = plan.filter { $0.contains(" audit ") }
        #expect(walks.count == indexes.count)
        for (walk, index) in zip(walks, indexes) {
            #expect(walk.hasPrefix("SEARCH audit USING INDEX \(index) "))
        }
        // Two walks are merged; one needs no sorting.
        #expect(indexes.count == 2 || plan.count == 1)
    }

    /// Lines with one event each, one second apart.
    private func records(_ events: String...) -> [AuditRecord] {
        events.enumerated().map { AuditRecord(at: start + Int64($0.offset), event: $0.element) }
    }

    private func passes(_ record: AuditRecord, _ filter: AuditFilter) -> Bool {
        (filter.user == nil || record.user == filter.user || record.by == filter.user)
            && (filter.event == nil || record.event == filter.event)
            && (filter.since.map { record.at >= $0.seconds } ?? true)
            && (filter.until.map { record.at < $0.seconds } ?? true)
    }

    /// All lines that a filter lets through, three on a page.
    private func pages(_ filter: AuditFilter) async throws -> [AuditRecord] {
        var found: [StoredAudit] = []
        while found.count < 100 {
            let page = try await storage.audit(
                matching: filter,
                before: found.last?.position,
                limit: 3
            )
            guard !page.isEmpty else { break }
            found += page
        }
        return found.map(\.record)
    }
}
