import Accounts
import Sessions
import Storage
import Telemetry
import Testing

@testable import coatcheck

/// The store of a running server, as the commands beside it see it.
@Suite struct LiveStoreTests {
    private static let password = "kJ8#mP2x"
    private let folder: TemporaryFolder
    private let store: LiveStore

    init() async throws {
        folder = try TemporaryFolder()
        let text = "storage.path: \(folder.path)/test.db\npassword.memory: 1024"
        store = try await LiveStore(try settings(text))
    }

    private func make(_ name: String, groups: [String] = []) async throws -> User {
        try await store.accounts.create(
            username: name,
            email: nil,
            groups: groups.compactMap { GroupName($0) },
            password: Self.password
        )
    }

    private func begin(_ user: User, at time: Timestamp) async throws -> Session {
        let new = SessionPolicy().newSession(
            of: user.id,
            client: ClientDescription(address: "192.0.2.1", userAgent: ""),
            isRemembered: false,
            at: time
        )
        let authentication = Authentication(userID: user.id, credentialVersion: 1)
        _ = try await store.storage.insert(
            new.session,
            for: authentication,
            keeping: 10,
            ending: []
        )
        return new.session
    }

    /// The names of the events in the audit trail, the oldest first.
    private func trail() async throws -> [AuditRecord] {
        let records = try await store.storage.auditRecords(matching: AuditFilter(), limit: 100)
        return records.reversed()
    }

    @Test func `an account is found by name or id, and a missing one is named`() async throws {
        let ada = try await make("ada")
        for text in ["ada", "ADA", ada.id.text] { #expect(try await store.user(text) == ada) }
        let error = await #expect(throws: Failure.self) { try await store.user("grace") }
        #expect(error?.description == "there is no account grace")
    }

    @Test func `an edit stands in the audit trail, with who called and what ended`() async throws {
        let ada = try await make("ada", groups: ["a", "b"])
        let session = try await begin(ada, at: LiveStore.now())
        var edit = UserEdit(isDisabled: true)
        edit.addedGroups = ["c"]
        edit.removedGroups = ["a"]
        let edited = try await store.edit(ada, edit, force: false)
        #expect(edited.groups == ["b", "c"] && edited.isDisabled)
        let records = try await trail()
        #expect(
            Set(records.map(\.event)) == [
                "privilege_permissions_changed", "user_updated", "session_revoked",
            ]
        )
        #expect(store.caller.hasPrefix("console:") && store.caller.utf8.count > 8)
        #expect(records.allSatisfy { $0.user == ada.id.text && $0.by == store.caller })
        let ended = records.first { $0.event == "session_revoked" }
        #expect(ended?.session == session.id.text)
        #expect(try await store.storage.find(session.key) == nil)
    }

    @Test func `an edit that changes nothing is no event`() async throws {
        let ada = try await make("ada", groups: ["a"])
        _ = try await store.edit(ada, UserEdit(groups: ["a"], isDisabled: false), force: false)
        #expect(try await trail().isEmpty)
    }

    @Test func `the last administrator needs force, and without it nothing is noted`()
        async throws
    {
        let root = try await make("root", groups: ["admin"])
        let edit = UserEdit(groups: [])
        await #expect(throws: StorageError.lastAdministrator) {
            try await store.edit(root, edit, force: false)
        }
        #expect(try await trail().isEmpty)
        #expect(try await store.edit(root, edit, force: true).groups.isEmpty)
        #expect(try await trail().map(\.event) == ["privilege_permissions_changed"])
    }

    @Test func `only live sessions are listed`() async throws {
        let ada = try await make("ada")
        let now = LiveStore.now()
        let live = try await begin(ada, at: now)
        _ = try await begin(ada, at: now + -90_000)
        #expect(try await store.liveSessions(of: ada) == [live])
    }

    @Test func `what another process changes is seen, and the other way round`() async throws {
        let ada = try await make("ada")
        let server = try SQLiteStorage(path: folder.path + "/test.db", readers: 1)
        #expect(try await server.user(ada.id) == ada)
        _ = try await store.edit(ada, UserEdit(groups: ["a"]), force: false)
        #expect(try await server.user(ada.id)?.groups == ["a"])
        _ = try await server.edit(
            ada.id,
            UserEdit(groups: ["b"]),
            ifVersion: nil,
            force: false,
            by: nil,
            at: LiveStore.now()
        )
        #expect(try await store.user("ada").groups == ["b"])
        try server.close()
    }

    @Test(arguments: ["nowhere/x.db", "text.db", ""])
    func `a database that cannot be used is named`(name: String) async throws {
        try folder.write(String(repeating: "this is no database. ", count: 100), to: "text.db")
        let path = folder.path + "/" + name
        let settings = try settings("storage.path: \(path)")
        let error = await #expect(throws: Failure.self) { try await LiveStore(settings) }
        #expect(error?.description.hasPrefix("cannot use \(path): ") == true)
    }
}
