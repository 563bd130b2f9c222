#if SharedEngines
import Accounts
import Sessions
import Storage
import StorageConformance
import Telemetry
import Testing

@testable import SharedStorage

@Suite(.serialized, .timeLimit(.minutes(10))) struct PostgreSQLStorageTests {
    let machines: TwoMachines
    var here: PostgreSQLStorage { machines.here }
    var there: PostgreSQLStorage { machines.there }

    init() throws {
        machines = try TwoMachines()
    }

    @Test func `a check is one round trip, and a change no more than it must be`() async throws {
        let storage = try machines.schema.open(connections: 1)
        func trips(_ body: () async throws -> Void) async throws -> [Int] {
            let before = storage.connections[0]
            try await body()
            let after = storage.connections[0]
            return [
                after.checkRoundTrips - before.checkRoundTrips,
                after.otherRoundTrips - before.otherRoundTrips,
            ]
        }
        // Once for the preparing of statements, which adds none, and of the connection.
        for round in 0..<2 {
            let ada = TwoMachines.user()
            let sessions = (0..<4).map { _ in Sample.session(of: ada) }
            let signUp = try await trips {
                try await storage.insert(Sample.account(ada), beginning: sessions[0])
            }
            let login = try await trips {
                _ = try await storage.insert(sessions[1], keeping: 100)
            }
            let check = try await trips { _ = try await storage.find(sessions[1].key) }
            let touch = try await trips {
                try await storage.touch(
                    sessions.map { SessionUse(key: $0.key, seenAt: Sample.start + 60) }
                )
            }
            let logout = try await trips { _ = try await storage.remove(sessions[1].key) }
            let end = try await trips {
                _ = try await storage.remove(sessions[0].id, of: ada.id, at: Sample.start)
            }
            let endAll = try await trips {
                _ = try await storage.removeAll(of: ada.id, except: nil, at: Sample.start)
            }
            let disabling = try await trips {
                _ = try await storage.edit(
                    ada.id,
                    UserEdit(isDisabled: true),
                    ifVersion: nil,
                    force: true,
                    at: Sample.start
                )
            }
            guard round > 0 else { continue }
            #expect(signUp == [0, 2])
            #expect(login == [0, 3])
            #expect(check == [1, 0])
            #expect(touch == [0, 1])
            #expect(logout == [0, 2])
            #expect(end == [0, 2])
            #expect(endAll == [0, 2])
            #expect(disabling == [0, 3])
        }
    }

    @Test func `lines of the audit trail are read back by account and event`() async throws {
        var records: [AuditRecord] = []
        for number in 0..<10 {
            let record = AuditRecord(
                at: Int64(number / 2),
                event: number % 2 == 0 ? "login" : "logout",
                user: "u\(number % 3)",
                by: number == 5 ? "u0" : nil,
                session: nil,
                address: "::1",
                request: nil,
                detail: "\(number)"
            )
            records.append(record)
        }
        try await here.append(records)
        let all = AuditFilter()
        let page = try await there.audit(matching: all, before: nil, limit: 4)
        let last = try #require(page.last)
        let next = try await there.audit(matching: all, before: last.position, limit: 100)
        #expect(details(page) == "9 8 7 6")
        #expect(details(next) == "5 4 3 2 1 0")
        for (filter, found) in [
            (AuditFilter(user: "u0"), "9 6 5 3 0"),
            (AuditFilter(user: "u0", event: "login"), "6 0"),
            (AuditFilter(event: "login", until: Timestamp(seconds: 2)), "2 0"),
            (AuditFilter(since: Timestamp(seconds: 4)), "9 8"),
        ] {
            let lines = try await there.audit(matching: filter, before: nil, limit: 100)
            #expect(details(lines) == found)
        }
        let removed = try await here.removeAudit(before: Timestamp(seconds: 2), limit: 3)
        #expect(removed == 3)
    }

    @Test func `a session's owner is found by its id`() async throws {
        let (ada, sessions) = try await machines.addPerson(sessions: 1)
        #expect(try await there.owner(ofSession: sessions[0].id) == ada.id)
        #expect(try await there.owner(ofSession: .random()) == nil)
    }

    @Test func `health says what the server is`() throws {
        let health = try PostgreSQLStorage.health(url: machines.schema.url)
        #expect(health.encoding == "UTF8")
        #expect(health.schemaVersion == PostgreSQLSchema.version)
        #expect(health.freeConnections > 0)
        #expect(health.serverVersion.first?.isNumber == true)
        let url = try TestSchema().url + "%20-c%20synchronous_commit%3Doff"
        let other = try PostgreSQLStorage.health(url: url)
        #expect(other.schemaVersion == nil)
        #expect(other.unsafeSettings.contains("synchronous_commit"))
    }

    @Test func `health says so when the sessions are elsewhere`() {
        let url = machines.schema.url
        let error = #expect(throws: StorageError.self) {
            try PostgreSQLStorage.health(url: url, sessions: .redis(prefix: "test"))
        }
        #expect(error?.cause.code == "settings")
    }

    @Test func `where the sessions are elsewhere a changed account is written down`()
        async throws
    {
        let schema = try TestSchema()
        let storage = try schema.open(sessions: .redis(prefix: "test"))
        let ada = Sample.user("ada")
        try await storage.insert(Sample.account(ada))
        _ = try await storage.setPassword(
            PasswordHash(text: "new"),
            of: ada.id,
            at: Sample.start
        )
        #expect(try revisions(in: schema) == [3])
        _ = try await storage.delete(ada.id, force: true, at: Sample.start)
        #expect(try revisions(in: schema) == [.max])
    }

    @Test func `where the sessions are is remembered, and another place is refused`() async throws {
        let ada = try await machines.addPerson(sessions: 2).0
        #expect(throws: StorageError.self) {
            try machines.schema.open(sessions: .redis(prefix: "test"))
        }
        let ended = try PostgreSQLStorage.relocateSessions(
            of: machines.schema.url,
            to: .redis(prefix: "test")
        )
        #expect(ended == 2)
        #expect(throws: StorageError.self) { try machines.schema.open() }
        let there = try machines.schema.open(sessions: .redis(prefix: "test"))
        _ = try PostgreSQLStorage.relocateSessions(of: machines.schema.url, to: .here)
        let back = try machines.schema.open()
        #expect(back.generation != there.generation)
        #expect(try await back.sessions(of: ada.id).isEmpty)
    }

    private func details(_ lines: [StoredAudit]) -> String {
        lines.map(\.record.detail).joined(separator: " ")
    }

    private func revisions(in schema: TestSchema) throws -> [Int64] {
        try schema.connect().all("SELECT revision FROM changed_users", []) {
            try $0.integer(at: 0)
        }
    }
}
#endif
