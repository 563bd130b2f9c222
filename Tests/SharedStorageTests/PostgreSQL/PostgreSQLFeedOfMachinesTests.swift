#if SharedEngines
import Accounts
import Sessions
import Storage
import StorageConformance
import Testing

@testable import SharedStorage

@Suite(.serialized, .timeLimit(.minutes(10))) struct PostgreSQLFeedOfMachinesTests {
    let machines: TwoMachines
    var here: PostgreSQLStorage { machines.here }
    var there: PostgreSQLStorage { machines.there }

    init() throws {
        machines = try TwoMachines()
    }

    @Test func `an end is told to the others, by its key`() async throws {
        let (_, sessions) = try await machines.addPerson(sessions: 2)
        try await machines.settleFeeds()
        _ = try await here.remove(sessions[0].key)
        #expect(try await machines.heardThere() == [.session(sessions[0].key)])
        // A commit may be done and its answer lost.
        #expect(try await here.changesOfOthers() == [.session(sessions[0].key)])
    }

    @Test func `what changes an account is told, whatever it was`() async throws {
        let (ada, sessions) = try await machines.addPerson(sessions: 1)
        try await machines.settleFeeds()
        let edit = UserEdit(groups: ["editors"])
        _ = try await here.edit(ada.id, edit, ifVersion: nil, force: false, at: Sample.start)
        #expect(try await machines.heardThere() == [.user(ada.id)])
        _ = try await here.setPassword(PasswordHash(text: "new"), of: ada.id, at: Sample.start)
        #expect(try await machines.heardThere() == [.user(ada.id), .session(sessions[0].key)])
        _ = try await here.delete(ada.id, force: true, at: Sample.start)
        #expect(try await machines.heardThere() == [.user(ada.id)])
    }

    @Test func `more than a hundred ends are told as anything`() async throws {
        let (ada, _) = try await machines.addPerson(sessions: 101)
        try await machines.settleFeeds()
        _ = try await here.removeAll(of: ada.id, except: nil, at: Sample.start)
        #expect(try await machines.heardThere() == [.anything])
    }

    @Test func `a login and the use of a session are told to nobody`() async throws {
        let (_, sessions) = try await machines.addPerson(sessions: 1)
        try await machines.settleFeeds()
        try await here.touch([SessionUse(key: sessions[0].key, seenAt: Sample.start + 60)])
        _ = try await machines.addPerson(sessions: 1)
        #expect(try await there.changesOfOthers() == [])
    }

    @Test func `an end is told soon while others log in`() async throws {
        let (_, sessions) = try await machines.addPerson(sessions: 50)
        try await machines.settleFeeds()
        let storm = Task { [here] in
            while !Task.isCancelled {
                let user = TwoMachines.user()
                try await here.insert(Sample.account(user), beginning: Sample.session(of: user))
            }
        }
        for session in sessions {
            _ = try await here.remove(session.key)
            let acknowledged = ContinuousClock.now
            #expect(try await machines.heardThere() == [.session(session.key)])
            // Tests of two programs measure the fifth of a second; here threads are scarce.
            #expect(ContinuousClock.now - acknowledged < .seconds(10))
        }
        storm.cancel()
        try await storm.value
    }
}
#endif
