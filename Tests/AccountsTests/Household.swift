import Sessions
import Synchronization
import TestStorage
import Testing

@testable import Accounts

/// Accounts over storage whose calls can fail, with a clock that a test moves.
final class Household: Sendable {
    static let start = Timestamp(seconds: 1_700_000_000)
    static let password = "kJ8#mP2x"
    static let new = "seven quiet harbours 12"

    let storage: FlakyStorage
    let hasher = PasswordHasher(
        cost: HashingCost(memoryKiB: 64, passes: 1),
        lanes: 2,
        capacity: 16
    )
    let accounts: Accounts
    private let age: Age

    /// How long ago it began, in seconds.
    private final class Age: Sendable {
        let seconds = Atomic<Int64>(0)
    }

    init(
        policy: ThrottlePolicy = ThrottlePolicy(),
        terms: Accounts.Terms = Accounts.Terms()
    ) throws {
        let age = Age()
        self.age = age
        storage = try FlakyStorage()
        accounts = Accounts(
            storage: storage,
            hasher: hasher,
            rules: PasswordRules(),
            throttle: LoginThrottle(policy: policy, capacity: 1000),
            terms: terms,
            now: { Household.start + age.seconds.load(ordering: .sequentiallyConsistent) }
        )
    }

    /// The time that it is.
    var now: Timestamp {
        Household.start + age.seconds.load(ordering: .sequentiallyConsistent)
    }

    /// Lets time pass.
    func advance(by seconds: Int64) {
        age.seconds.add(seconds, ordering: .sequentiallyConsistent)
    }

    /// Signs somebody up; returns the account and the key of its session.
    func signUp(
        _ name: String = "ada",
        groups: [String] = []
    ) async throws -> (user: User, key: TokenDigest) {
        let (user, session) = try await accounts.signUp(
            username: name,
            email: nil,
            password: Self.password,
            from: LoginSource(address: "192.0.2.1", device: nil)
        ) { id in self.session(of: id) }
        guard !groups.isEmpty else { return (user, session.session.key) }
        let edit = UserEdit(groups: groups)
        return (try await accounts.edit(user.id, edit).user, session.session.key)
    }

    /// A session that nobody has stored yet.
    func session(of id: PublicID) -> NewSession {
        SessionPolicy().newSession(
            of: id,
            client: ClientDescription(address: "192.0.2.1", userAgent: "Tests/1.0"),
            isRemembered: false,
            at: now
        )
    }

    /// What a session becomes under a new key.
    func renewal(of key: TokenDigest) async throws -> NewSession {
        let found = try #require(try await storage.find(key))
        return SessionPolicy().renewed(
            found.session,
            client: ClientDescription(address: "192.0.2.1", userAgent: "Tests/1.0"),
            at: now
        )
    }

    /// Changes a password from within a session.
    func change(
        _ user: User,
        from current: String = password,
        to new: String = new,
        in key: TokenDigest
    ) async throws -> AccountChange {
        try await accounts.changePassword(
            of: user,
            from: current,
            to: new,
            replacing: key,
            with: try await renewal(of: key)
        )
    }

    /// Whether a password opens an account.
    func opens(_ name: String = "ada", with password: String) async -> Bool {
        (try? await accounts.authenticate(name: name, password: password)) != nil
    }
}
