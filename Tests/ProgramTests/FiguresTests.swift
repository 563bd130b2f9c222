import Accounts
import Sessions
import Storage
import Testing

@testable import Telemetry
@testable import coatcheck

/// What the metrics read of the parts.
@Suite struct FiguresTests {
    private let folder: TemporaryFolder
    private let storage: SQLiteStorage
    private let sessions: SessionStore
    private let figures: Figures
    private let hasher = PasswordHasher(
        cost: HashingCost(memoryKiB: 8, passes: 1),
        lanes: 1,
        capacity: 4
    )
    private let throttle = LoginThrottle(policy: ThrottlePolicy(), capacity: 1000)
    private static let now = Timestamp(seconds: 1_700_000_000)

    init() throws {
        folder = try TemporaryFolder()
        storage = try SQLiteStorage(path: folder.path + "/test.db", readers: 1)
        sessions = SessionStore(storage: storage, cacheBytes: 1 << 20)
        figures = Figures(
            storage: storage,
            sessions: sessions,
            hasher: hasher,
            throttle: throttle,
            workers: 7,
            files: folder.path + "/test.db"
        )
    }

    private func readings() async -> [String: String] {
        let list = await figures.readings().map { ($0.name + $0.labels, $0.value) }
        return Dictionary(uniqueKeysWithValues: list)
    }

    @Test func `at the start everything is nought but the workers`() async {
        let files = ["database", "log"].map { #"coatcheck_storage_bytes{file="\#($0)"}"# }
        let read = await readings()
        for file in files { #expect(Int(read[file] ?? "") ?? 0 >= 4096) }
        #expect(
            read.filter { !files.contains($0.key) } == [
                "coatcheck_workers": "7", "coatcheck_session_cache_entries": "0",
                "coatcheck_session_cache_bytes": "4096", "coatcheck_session_cache_hits_total": "0",
                "coatcheck_session_cache_misses_total": "0",
                "coatcheck_session_cache_flushes_total": "0", "coatcheck_password_queue": "0",
                "coatcheck_passwords_hashed_total": "0", "coatcheck_throttle_entries": "0",
                "coatcheck_sessions_live": "0",
            ]
        )
    }

    @Test func `each figure follows what happened`() async throws {
        let accounts = Accounts(
            storage: storage,
            hasher: hasher,
            rules: PasswordRules(),
            throttle: throttle,
            now: { Self.now }
        )
        let source = LoginSource(address: "192.0.2.1", device: nil)
        let (_, session) = try await accounts.signUp(
            username: "ada",
            email: nil,
            password: "kJ8#mP2x",
            from: source
        ) { id in
            SessionPolicy().newSession(
                of: id,
                client: ClientDescription(address: "192.0.2.1", userAgent: ""),
                isRemembered: false,
                at: Self.now
            )
        }
        for _ in 0..<3 { _ = try await sessions.check(session.session.key, at: Self.now) }
        _ = try? await accounts.authenticate(name: "ada", password: "wrong", from: source)
        let read = await readings()
        #expect(read["coatcheck_session_cache_entries"] == "1")
        #expect(read["coatcheck_session_cache_misses_total"] == "1")
        #expect(read["coatcheck_session_cache_hits_total"] == "2")
        #expect(read["coatcheck_passwords_hashed_total"] == "2")
        #expect(read["coatcheck_password_queue"] == "0")
        #expect(read["coatcheck_sessions_live"] == "1")
        // The sign-up, the name and the network.
        #expect(read["coatcheck_throttle_entries"] == "3")
    }

    @Test func `what storage cannot say is left out, and the rest is told`() async throws {
        try storage.close()
        let read = await readings()
        #expect(read["coatcheck_sessions_live"] == nil)
        // The log is gone with the last connection.
        #expect(read.count == 10 && read["coatcheck_workers"] == "7")
    }
}
