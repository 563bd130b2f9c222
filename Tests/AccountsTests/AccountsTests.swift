import Sessions
import TestStorage
import Testing

@testable import Accounts

@Suite(.timeLimit(.minutes(10))) struct AccountsTests {
    private static let low = HashingCost(memoryKiB: 64, passes: 1)
    private static let password = "kJ8#mP2x"
    private let storage: FlakyStorage
    private let hasher = PasswordHasher(cost: low, lanes: 2, capacity: 16)

    init() throws { storage = try FlakyStorage() }

    private var accounts: Accounts { accounts(with: hasher) }

    private func accounts(with hasher: PasswordHasher) -> Accounts {
        Accounts(
            storage: storage,
            hasher: hasher,
            rules: PasswordRules(),
            throttle: LoginThrottle(policy: ThrottlePolicy(), capacity: 1000),
            now: { Timestamp(seconds: 1_700_000_000) }
        )
    }

    private func signUp(_ username: String?, _ email: String? = nil) async throws -> User {
        try await accounts.signUp(username: username, email: email, password: Self.password)
    }

    // MARK: signing up

    @Test(
        arguments: [
            // username, email, then what they become
            ("Ada", nil, "Ada", nil),
            ("Ada", "", "Ada", nil),
            ("Ada", "ada@example.org", "Ada", "ada@example.org"),
            (nil, "Ada@example.org", "Ada@example.org", "Ada@example.org"),
            ("", "Ada@example.org", "Ada@example.org", "Ada@example.org"),
            ("ada@example.org", nil, "ada@example.org", "ada@example.org"),
            ("ada@example.org", "other@example.org", "ada@example.org", "other@example.org"),
        ] as [(String?, String?, String, String?)]
    )
    func `an address is the username when there is none, and a username that is one the address`(
        username: String?,
        email: String?,
        shown: String,
        address: String?
    ) async throws {
        let user = try await signUp(username, email)
        #expect(user.username == shown)
        #expect(user.email == address)
        #expect(user.groups == [] && !user.isDisabled)
        #expect(user.createdAt == Timestamp(seconds: 1_700_000_000))
        #expect(try await storage.user(user.id) == user)
    }

    @Test(
        arguments: [
            (nil, nil, "kJ8#mP2x", ["username"]),
            ("", "", "short", ["username", "password"]),
            ("a b", nil, "kJ8#mP2x", ["username"]),
            ("ada", "not an address", "kJ8#mP2x", ["email"]),
            ("ada", "ada", "kJ8#mP2x", ["email"]),
            ("a@", nil, "kJ8#mP2x", ["username"]),
            ("a@", "a@", "password", ["username", "email", "password"]),
            ("zxkwvqam", nil, "zxkwvqam", ["password"]),
            (nil, "zxkwvqam@example.org", "zxkwvqam1", ["password"]),
        ] as [(String?, String?, String, [String])]
    )
    func `every field that is wrong is named, and nothing is hashed or kept`(
        username: String?,
        email: String?,
        password: String,
        fields: [String]
    ) async throws {
        let error = await #expect(throws: SignUpError.self) {
            try await accounts.signUp(username: username, email: email, password: password)
        }
        guard case .invalid(let issues) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(issues.map(\.field) == fields)
        #expect(hasher.finishedCount == 0)
    }

    @Test(
        arguments: [
            ("ADA", nil), ("new", "Ada@Example.org"), ("ada@example.org", nil), ("ａｄａ", nil),
        ]
            as [(String, String?)]
    )
    func `a name that anybody has as username or address is taken, in whatever spelling`(
        username: String,
        email: String?
    ) async throws {
        _ = try await signUp("ada", "ada@example.org")
        await #expect(throws: SignUpError.taken) { try await signUp(username, email) }
        #expect(hasher.finishedCount == 1)
    }

    @Test func `of many who want one name at the same time, one gets it`() async throws {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do throws(SignUpError) {
                        _ = try await accounts.signUp(
                            username: "ada",
                            email: nil,
                            password: Self.password
                        )
                        return true
                    } catch {
                        #expect(error == .taken)
                        return false
                    }
                }
            }
            #expect(await group.reduce(0) { $1 ? $0 + 1 : $0 } == 1)
        }
    }

    @Test func `storage that fails is said to have failed`() async throws {
        let failure = FlakyStorage.failure
        _ = try await signUp("ada")
        storage.fail([.credentials])
        await #expect(throws: SignUpError.storage(failure)) { try await signUp("eve") }
        await #expect(throws: AuthenticationError.storage(failure)) {
            try await accounts.authenticate(name: "ada", password: Self.password)
        }
    }

    @Test func `a hasher that takes nothing more means busy`() async throws {
        let closed = PasswordHasher(cost: Self.low, lanes: 1, capacity: 1)
        closed.stop()
        let accounts = accounts(with: closed)
        await #expect(throws: SignUpError.busy) {
            try await accounts.signUp(username: "ada", email: nil, password: Self.password)
        }
        await #expect(throws: AuthenticationError.busy) {
            try await accounts.authenticate(name: "ada", password: Self.password)
        }
    }

    // MARK: letting in

    @Test(arguments: ["Ada", "ada", "ADA", "Ａｄａ", "ada@example.org", "ADA@EXAMPLE.ORG"])
    func `a person is let in by either name in any spelling`(name: String) async throws {
        let user = try await signUp("Ada", "ada@example.org")
        #expect(try await accounts.authenticate(name: name, password: Self.password) == user)
    }

    @Test(arguments: [
        ("ada", "kJ8#mP2X"), ("ada", ""), ("nobody", "kJ8#mP2x"), ("closed", "kJ8#mP2x"),
        ("closed", "wrong"), ("", "kJ8#mP2x"), ("a b", "kJ8#mP2x"), ("ada ", "kJ8#mP2x"),
        ("a@", "kJ8#mP2x"), ("ada", "kJ8#mP2x" + String(repeating: " ", count: 1_017)),
        (String(repeating: "a", count: 5000), "kJ8#mP2x"),
        ("ada", String(repeating: "a", count: 5000)),
    ])
    func `ASVS 6.3.8: whatever is wrong, the answer and the work are the same`(
        name: String,
        password: String
    ) async throws {
        _ = try await signUp("ada")
        try await insertAccount(named: "closed", isDisabled: true)
        let before = hasher.finishedCount
        await #expect(throws: AuthenticationError.invalidCredentials(try await id(name))) {
            try await accounts.authenticate(name: name, password: password)
        }
        #expect(hasher.finishedCount == before + 1)
    }

    @Test func `a password over 1024 bytes opens nothing, not even an account that has it`()
        async throws
    {
        let longest = String(repeating: "ab c", count: PasswordRules.maximumBytes / 4)
        try await insertAccount(named: "longest", password: longest)
        try await insertAccount(named: "longer", password: longest + "d")
        _ = try await accounts.authenticate(name: "longest", password: longest)
        await #expect(throws: AuthenticationError.invalidCredentials(try await id("longer"))) {
            try await accounts.authenticate(name: "longer", password: longest + "d")
        }
        #expect(hasher.finishedCount == 2)
    }

    // MARK: better hashes

    @Test func `ASVS 11.4.2: a login replaces a hash that costs less than hashes made now`()
        async throws
    {
        let user = try await signUp("ada")
        let stronger = PasswordHasher(
            cost: HashingCost(memoryKiB: 128, passes: 2),
            lanes: 1,
            capacity: 1
        )
        let accounts = accounts(with: stronger)
        #expect(try await accounts.authenticate(name: "ada", password: Self.password) == user)
        #expect(try await storedHash("ada").text.contains("$m=128,t=2,p=1$"))
        #expect(stronger.finishedCount == 2)
        #expect(try await accounts.authenticate(name: "ada", password: Self.password) == user)
        #expect(stronger.finishedCount == 3)
    }

    @Test func `a wrong password replaces nothing`() async throws {
        _ = try await signUp("ada")
        let before = try await storedHash("ada")
        let stronger = PasswordHasher(
            cost: HashingCost(memoryKiB: 128, passes: 2),
            lanes: 1,
            capacity: 1
        )
        _ = try? await accounts(with: stronger).authenticate(name: "ada", password: "wrong")
        #expect(try await storedHash("ada") == before)
        #expect(stronger.finishedCount == 1)
    }

    @Test func `a new hash that cannot be stored does not keep anybody out`() async throws {
        let user = try await signUp("ada")
        storage.fail([.replacePasswordHash])
        let stronger = PasswordHasher(
            cost: HashingCost(memoryKiB: 128, passes: 2),
            lanes: 1,
            capacity: 1
        )
        let accounts = Accounts(
            storage: storage,
            hasher: stronger,
            rules: PasswordRules(),
            throttle: LoginThrottle(policy: ThrottlePolicy(), capacity: 1000),
            now: { Timestamp(seconds: 0) }
        )
        #expect(try await accounts.authenticate(name: "ada", password: Self.password) == user)
        #expect(try await storedHash("ada").text.contains("$m=64,"))
    }

    /// The id of the account that a name belongs to, as the log is told.
    private func id(_ name: String) async throws -> PublicID? {
        guard let name = try? AccountName(name) else { return nil }
        return try await storage.credentials(of: name.key)?.user.id
    }

    private func storedHash(_ name: String) async throws -> PasswordHash {
        let found = try await storage.credentials(of: AccountName(name).key)
        return try #require(found).passwordHash
    }

    private func insertAccount(
        named name: String,
        password: String = Self.password,
        isDisabled: Bool = false
    ) async throws {
        let user = User(
            id: .random(),
            username: name,
            email: nil,
            groups: [],
            isDisabled: isDisabled,
            createdAt: Timestamp(seconds: 0)
        )
        let hash = try Argon2.hash(Password(password), cost: Self.low)
        try await storage.insert(
            NewAccount(
                user: user,
                passwordHash: hash,
                nameKey: AccountName(name).key,
                emailKey: nil
            ),
            beginning: nil,
            by: nil
        )
    }
}
