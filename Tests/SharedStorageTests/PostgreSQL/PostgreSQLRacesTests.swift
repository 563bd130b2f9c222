#if SharedEngines
import Accounts
import Glibc
import Sessions
import Storage
import StorageConformance
import Testing

@testable import SharedStorage

@Suite(.serialized, .timeLimit(.minutes(10))) struct PostgreSQLRacesTests {
    let machines: TwoMachines
    var here: PostgreSQLStorage { machines.here }
    var there: PostgreSQLStorage { machines.there }

    init() throws {
        machines = try TwoMachines()
    }

    @Test func `of two who take one name one has it`() async throws {
        for _ in 0..<20 {
            let user = TwoMachines.user()
            let twin = Sample.user(user.username)
            async let first = outcome { try await here.insert(Sample.account(user)) }
            async let second = outcome { try await there.insert(Sample.account(twin)) }
            #expect(Set(await [first, second]) == [nil, .duplicate])
        }
    }

    @Test func `of the last two administrators who leave at once one stays`() async throws {
        for _ in 0..<20 {
            let admins = [
                try await machines.addPerson(sessions: 0, groups: ["admin"]).0,
                try await machines.addPerson(sessions: 0, groups: ["admin"]).0,
            ]
            let leave = UserEdit(groups: [])
            async let first = outcome {
                _ = try await here.edit(
                    admins[0].id,
                    leave,
                    ifVersion: nil,
                    force: false,
                    at: Sample.start
                )
            }
            async let second = outcome {
                _ = try await there.edit(
                    admins[1].id,
                    leave,
                    ifVersion: nil,
                    force: false,
                    at: Sample.start
                )
            }
            #expect(Set(await [first, second]) == [nil, .lastAdministrator])
            for admin in admins {
                _ = try await here.delete(admin.id, force: true, at: Sample.start)
            }
        }
    }

    @Test func `nobody is logged in whose account is disabled meanwhile`() async throws {
        for _ in 0..<20 {
            let (ada, _) = try await machines.addPerson(sessions: 0)
            let session = Sample.session(of: ada)
            async let login = outcome { _ = try await here.insert(session, keeping: 10) }
            async let disabling = outcome {
                _ = try await there.edit(
                    ada.id,
                    UserEdit(isDisabled: true),
                    ifVersion: nil,
                    force: true,
                    at: Sample.start
                )
            }
            #expect(await disabling == nil)
            #expect([nil, .unknownUser].contains(await login))
            #expect(try await here.sessions(of: ada.id).isEmpty)
        }
    }

    @Test func `machines that do everything at once neither fail nor wait for each other`()
        async throws
    {
        let users = (0..<4).map { _ in TwoMachines.user() }
        for user in users { try await here.insert(Sample.account(user)) }
        let before = try deadlocks(waiting: false)
        await withTaskGroup { group in
            for (number, storage) in [here, there, here, there, here, there].enumerated() {
                group.addTask {
                    var random = SystemRandomNumberGenerator()
                    var mine: [Session] = []
                    for step in 0..<100 {
                        let user = users[Int.random(in: 0..<4, using: &random)]
                        let failure = await outcome {
                            switch (step + number) % 8 {
                            case 0, 1, 2:
                                let session = Sample.session(of: user, lifetime: 1 << 30)
                                let old = mine.randomElement().map { [$0.key] } ?? []
                                _ = try await storage.insert(
                                    session,
                                    for: .first(of: user.id),
                                    keeping: 5,
                                    ending: old
                                )
                                mine.append(session)
                            case 3, 4:
                                let now = Sample.start + Int64(step)
                                try await storage.touch(
                                    mine.shuffled().map { SessionUse(key: $0.key, seenAt: now) }
                                )
                            case 5:
                                _ = try await storage.removeAll(
                                    of: user.id,
                                    except: nil,
                                    at: Sample.start
                                )
                            case 6:
                                _ = try await storage.removeExpired(
                                    at: Sample.start + (1 << 40),
                                    after: nil,
                                    limit: 50
                                )
                            default:
                                _ = try await storage.removeAll(
                                    of: step % 3 == 0 ? nil : user.id,
                                    except: nil,
                                    at: Sample.start
                                )
                            }
                        }
                        #expect(failure == nil)
                    }
                }
            }
        }
        // A transaction that PostgreSQL undid for the sake of another was done again; it counts
        // them when the connections have ended.
        try here.close()
        try there.close()
        #expect(try deadlocks() == before)
    }

    /// How many deadlocks PostgreSQL has found in the database, as the connections that have
    /// ended have told.
    private func deadlocks(waiting isWaiting: Bool = true) throws -> Int64? {
        let connection = try TestSchema.connect(to: TestSchema.base)
        let others = "SELECT 1 FROM pg_stat_activity WHERE application_name = CAST(? AS TEXT)"
        let name = SQLValue.text(machines.schema.name)
        let deadline = Deadline(in: isWaiting ? .seconds(10) : .zero)
        while try connection.ask(others, [name]).count > 0, !deadline.hasPassed {
            usleep(10_000)
        }
        let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return try connection.first(sql, []) { try $0.integer(at: 0) }
    }
}
#endif
