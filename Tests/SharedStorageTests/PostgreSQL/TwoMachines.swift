#if SharedEngines
import Accounts
import Sessions
import Storage
import StorageConformance
import Testing

@testable import SharedStorage

/// Two machines: two storages on one schema of a test's own.
struct TwoMachines: Sendable {
    let schema: TestSchema
    let here: PostgreSQLStorage
    let there: PostgreSQLStorage

    init() throws {
        schema = try TestSchema()
        here = try schema.open()
        there = try schema.open()
    }

    /// Adds somebody with sessions.
    func addPerson(sessions count: Int, groups: [String] = []) async throws -> (User, [Session]) {
        let user = Self.user(groups: groups)
        try await here.insert(Sample.account(user))
        let sessions = (0..<count).map { _ in Sample.session(of: user) }
        for session in sessions { _ = try await here.insert(session, keeping: 1000) }
        return (user, sessions)
    }

    /// Somebody whose name nobody else has.
    static func user(groups: [String] = []) -> User {
        Sample.user("user-\(PublicID.random().text)", groups: groups)
    }

    /// Lets the feeds of both begin.
    func settleFeeds() async throws {
        #expect(try await here.changesOfOthers() == [.anything])
        #expect(try await there.changesOfOthers() == [.anything])
    }

    /// What the other machine hears next.
    func heardThere() async throws -> Set<StorageChange> {
        for _ in 0..<20 {
            let changes = try await there.changesOfOthers()
            if !changes.isEmpty { return Set(changes) }
        }
        return []
    }
}

/// What something fails with; `nil` when it succeeds.
func outcome(_ body: () async throws -> Void) async -> StorageError? {
    do {
        try await body()
        return nil
    } catch let error as StorageError {
        return error
    } catch {
        Issue.record(error)
        return nil
    }
}
#endif
