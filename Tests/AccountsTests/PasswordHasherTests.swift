import Glibc
import Testing

@testable import Accounts

@Suite(.timeLimit(.minutes(10))) struct PasswordHasherTests {
    private static let low = HashingCost(memoryKiB: 64, passes: 1)
    private let hasher = PasswordHasher(cost: low, lanes: 2, capacity: 8)
    private let password = Password("kJ8#mP2x")

    @Test func `a password matches its hash and nothing else does`() async throws {
        let hash = try await hasher.hash(password)
        #expect(hash.text.hasPrefix("$argon2id$v=19$m=64,t=1,p=1$"))
        #expect(try await hasher.verify(password, against: hash) == .match(needsRehash: false))
        for other in ["kJ8#mP2X", "kJ8#mP2x ", "kJ8#mP2", ""] {
            #expect(try await hasher.verify(Password(other), against: hash) == .mismatch)
        }
    }

    @Test func `two hashes of one password differ`() async throws {
        let first = try await hasher.hash(password)
        let second = try await hasher.hash(password)
        #expect(first != second)
    }

    @Test func `ASVS 6.2.8: bytes after a null and beyond 72 bytes count`() async throws {
        let nulled = try await hasher.hash(Password("kJ8#\u{0}mP2x"))
        #expect(try await hasher.verify(Password("kJ8#\u{0}mP2y"), against: nulled) == .mismatch)
        let long = String(repeating: "x", count: 1023)
        let hash = try await hasher.hash(Password(long + "a"))
        #expect(try await hasher.verify(Password(long + "b"), against: hash) == .mismatch)
        #expect(
            try await hasher.verify(Password(long + "a"), against: hash)
                == .match(needsRehash: false)
        )
    }

    @Test(arguments: [
        // Made by the reference implementation (phc-winner-argon2) of "password".
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$yrdGtGIZk/3JHsUHh5gLQUqQppLwvGjf4Z+cJbPLqew",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ])
    func `hashes made elsewhere are verified`(phc: String) async throws {
        let hash = PasswordHash(text: phc)
        #expect(
            try await hasher.verify(Password("password"), against: hash)
                == .match(needsRehash: false)
        )
        #expect(try await hasher.verify(Password("Password"), against: hash) == .mismatch)
    }

    @Test(arguments: [
        (128, 2, 128, 2, false), (128, 2, 129, 2, true), (128, 2, 128, 3, true),
        (128, 2, 64, 3, true), (128, 2, 64, 1, false),
    ])
    func `ASVS 11.4.2: a hash below the current cost in anything needs a new one`(
        memory: Int,
        passes: Int,
        nowMemory: Int,
        nowPasses: Int,
        needsRehash: Bool
    ) async throws {
        let old = PasswordHasher(
            cost: HashingCost(memoryKiB: memory, passes: passes),
            lanes: 1,
            capacity: 1
        )
        let new = PasswordHasher(
            cost: HashingCost(memoryKiB: nowMemory, passes: nowPasses),
            lanes: 1,
            capacity: 1
        )
        let hash = try await old.hash(password)
        #expect(
            try await new.verify(password, against: hash) == .match(needsRehash: needsRehash)
        )
    }

    @Test(arguments: [
        nil, "", "nonsense", "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$nf65EOgLrQMR",
        "$2y$10$abcdefghijklmnopqrstuuVwxyz0123456789ABCDEFGHIJKLMNOPQ",
    ])
    func `ASVS 6.3.8: without a usable hash the work of one comparison is done all the same`(
        phc: String?
    ) async throws {
        let stored = phc.map { PasswordHash(text: $0) }
        #expect(try await hasher.verify(password, against: stored) == .mismatch)
        #expect(hasher.finishedCount == 1)
        #expect(hasher.decoy.cost == Self.low)
    }

    @Test func `ASVS 6.3.8: an unknown name takes as long as a wrong password`() async throws {
        let hasher = PasswordHasher(
            cost: HashingCost(memoryKiB: 4_096, passes: 2),
            lanes: 1,
            capacity: 1
        )
        let hash = try await hasher.hash(password)
        let wrong = Password("kJ8#mP2y")
        let clock = ContinuousClock()
        var known = Duration.seconds(60)
        var unknown = Duration.seconds(1)
        // The least times are those without others on the processor; rounds go on until each had
        // one.
        for _ in 0..<200 where !(known < unknown * 4 && unknown < known * 4) {
            known = min(
                known,
                try await clock.measure { _ = try await hasher.verify(wrong, against: hash) }
            )
            unknown = min(
                unknown,
                try await clock.measure { _ = try await hasher.verify(wrong, against: nil) }
            )
        }
        // Skipping the hash would be a thousand times faster, so the bounds may be wide.
        #expect(known < unknown * 4 && unknown < known * 4)
    }

    @Test func `a stopped hasher says so`() async throws {
        hasher.stop()
        await #expect(throws: HashingError.stopped) { try await hasher.hash(password) }
        await #expect(throws: HashingError.stopped) {
            try await hasher.verify(password, against: nil)
        }
    }

    @Test func `many passwords at once are all hashed and verified rightly`() async throws {
        let hasher = PasswordHasher(cost: Self.low, lanes: 2, capacity: 64)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let hash = try await hasher.hash(Password("password \(number)"))
                    let right = try await hasher.verify(
                        Password("password \(number)"),
                        against: hash
                    )
                    let wrong = try await hasher.verify(Password("password"), against: hash)
                    return right == .match(needsRehash: false) && wrong == .mismatch
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(hasher.finishedCount == 192)
    }

    @Test func `a lack of memory is an error and no mismatch`() async {
        await #expect(processExitsWith: .success) {
            let small = PasswordHasher(
                cost: HashingCost(memoryKiB: 64, passes: 1),
                lanes: 1,
                capacity: 1
            )
            let large = PasswordHasher(
                cost: HashingCost(memoryKiB: 1_048_576, passes: 1),
                lanes: 1,
                capacity: 1
            )
            _ = try await small.hash(Password("password"))
            try #require(leaveAddressSpace(megabytes: 256))
            await #expect(throws: HashingError.outOfMemory) {
                try await large.hash(Password("password"))
            }
            await #expect(throws: HashingError.outOfMemory) {
                try await large.verify(Password("password"), against: nil)
            }
            let hash = try await small.hash(Password("password"))
            #expect(
                try await small.verify(Password("password"), against: hash)
                    == .match(needsRehash: false)
            )
        }
    }
}

/// Bounds the address space of the process to what it has and so much more.
private func leaveAddressSpace(megabytes: UInt) -> Bool {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return false }
    defer { unsafe fclose(file) }
    var pages = 0
    guard
        unsafe withUnsafeMutablePointer(
            to: &pages,
            { pages in
                unsafe withVaList([pages]) { unsafe vfscanf(file, "%ld", $0) }
            }
        ) == 1
    else { return false }
    var limit = rlimit()
    limit.rlim_cur = UInt(pages) * UInt(sysconf(Int32(_SC_PAGESIZE))) + megabytes << 20
    limit.rlim_max = limit.rlim_cur
    return unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0
}
