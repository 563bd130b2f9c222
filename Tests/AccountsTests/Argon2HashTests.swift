import Testing

@testable import Accounts

@Suite struct Argon2HashTests {
    private static let salt = "c29tZXNhbHRzb21lc2FsdA"
    private static let digest = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"

    private static func text(_ parameters: String) -> String {
        "$argon2id$v=19$\(parameters)$\(salt)$\(digest)"
    }

    @Test func `its parts are read, and written as they were`() throws {
        let text = Self.text("m=19456,t=2,p=1")
        let hash = try #require(try Argon2Hash(text))
        #expect(hash.cost == .recommended)
        #expect(hash.lanes == 1)
        #expect(hash.salt == Array("somesaltsomesalt".utf8))
        #expect(hash.digest.count == 32)
        #expect(hash.text == text)
    }

    @Test func `a decoy is a readable hash of its cost, and no two are alike`() throws {
        let cost = HashingCost(memoryKiB: 64, passes: 3)
        let decoy = Argon2Hash(decoyCosting: cost)
        #expect(try Argon2Hash(decoy.text) == decoy)
        #expect(decoy.cost == cost)
        #expect(decoy != Argon2Hash(decoyCosting: cost))
    }

    @Test(arguments: [
        "m=8,t=1,p=1", "m=1048576,t=20,p=1", "m=512,t=1,p=64", "m=4096,t=20,p=4",
    ])
    func `parameters at their bounds are read`(parameters: String) throws {
        let text = Self.text(parameters)
        #expect(try Argon2Hash(text)?.text == text)
    }

    @Test(arguments: [
        // ASVS 15.1.3: a stored hash cannot exhaust the machine
        "m=1048577,t=2,p=1", "m=4294967295,t=2,p=1", "m=19456,t=21,p=1", "m=19456,t=4294967295,p=1",
        "m=19456,t=2,p=65", "m=8,t=2,p=2", "m=7,t=1,p=1",
        "m=0,t=2,p=1", "m=19456,t=0,p=1", "m=19456,t=2,p=0",
        "m=019456,t=2,p=1", "m=+19456,t=2,p=1", "m=-19456,t=2,p=1", "m= 19456,t=2,p=1",
        "m=0x10,t=2,p=1", "m=１９,t=2,p=1", "m=99999999999999999999,t=2,p=1", "m=,t=2,p=1",
        "t=2,m=19456,p=1", "m=19456,t=2", "m=19456,t=2,p=1,", "m=19456,t=2,p=1,data=x",
        "m=19456,t=2,p=1,keyid=x", "m=19456 ,t=2,p=1", "M=19456,t=2,p=1", "",
    ])
    func `parameters that are malformed or cost too much are refused`(parameters: String) {
        #expect(throws: HashRefusal.self) { try Argon2Hash(Self.text(parameters)) }
    }

    @Test(arguments: [
        "", "$", "$$$$$", "argon2id", String(repeating: "$", count: 255),
        String(repeating: "a", count: 2000),
        "$argon2d$v=19$m=64,t=2,p=1$\(salt)$\(digest)",
        "$Argon2id$v=19$m=64,t=2,p=1$\(salt)$\(digest)",
        "$argon2id$v=16$m=64,t=2,p=1$\(salt)$\(digest)",
        "$argon2id$m=64,t=2,p=1$\(salt)$\(digest)",
        " $argon2id$v=19$m=64,t=2,p=1$\(salt)$\(digest)",
        "$argon2id$v=19$m=64,t=2,p=1$\(salt)$\(digest)\n",
        "$argon2id$v=19$m=64,t=2,p=1$\(salt)$\(digest)\0",
        "$argon2id$v=19$m=64,t=2,p=1$\(salt)$\(digest)$",
        "$argon2id$v=19$m=64,t=2,p=1$\(salt)",
        "$argon2id$v=19$m=64,t=2,p=1$\(salt)$",
        "$argon2id$v=19$m=64,t=2,p=1$$\(digest)",
        "$argon2id$v=19$m=64,t=2,p=1$c29tZQ$\(digest)",  // four bytes of salt
        "$argon2id$v=19$m=64,t=2,p=1$\(salt)$c29tZXNhbHQ",  // eight bytes of digest
        "$argon2id$v=19$m=64,t=2,p=1$\(salt)==$\(digest)",
        "$argon2id$v=19$m=64,t=2,p=1$\(salt)$\(digest.dropLast())5",  // spare bits
        "$argon2id$v=19$m=64,t=2,p=1$\(salt)$\(digest.dropLast())_",
        "$argon2id$v=19$m=64,t=2,p=1$\(salt)$\(digest)\(digest)\(digest)",
    ])
    func `anything else is refused`(text: String) {
        #expect(PasswordHash(text: text).refusal != nil)
    }
}
