import Testing

@testable import Accounts

@Suite struct PasswordRulesTests {
    private let rules = PasswordRules()

    private func issue(_ password: String, _ names: String...) throws -> PasswordIssue? {
        rules.issue(with: Password(password), names: try names.map { try AccountName($0) })
    }

    @Test(arguments: [
        "correct horse battery staple", "correcthorsebatterystaple", "blue river", "house key",
        "my dog spot", "qzjx81mw", "kJ8#mP2x", "hunter2hunter2", "tr0ub4dor&3",
        "über alle berge", "пароль для двери", "日本語の合言葉です", "🦊🐢🦉🐝🦎🐙🦀🐘",
        "        a spaced one        ",
    ])
    func `ASVS 6.2.5: a password of any kind of characters is good when it is unlikely`(
        password: String
    ) throws {
        #expect(try issue(password, "ada@example.org") == nil)
    }

    @Test(arguments: [
        "password", "password123", "Password1!", "P@ssw0rd", "P@ssw0rd2024!", "12345678",
        "123456789012", "qwertyuiop", "Qwerty123", "1q2w3e4r", "1qaz2wsx", "asdfghjkl",
        "aaaaaaaa", "abcabcabc", "abcdefgh", "iloveyou", "letmein1", "Liverpool1", "sunshine1",
        "trustno1", "basketball", "Summer2024!", "19841984", "11/12/1984", "changeme",
        "secret123", "PASSWORDPASSWORD", "ｐａｓｓｗｏｒｄ１",
    ])
    func `ASVS 6.2.4: common passwords, variants of them and patterns are refused`(
        password: String
    ) throws {
        #expect(try issue(password) == .common)
    }

    @Test func `ASVS 6.2.4: what zxcvbn does not know of the 3000 most common is refused too`()
        throws
    {
        #expect(Set(CommonPasswords.all).count == 66)
        for password in CommonPasswords.all {
            #expect(password.utf8.count >= PasswordRules.defaultMinimumLength)
            #expect(try issue(password) == .common)
            #expect(try issue(password.uppercased() + "1") == .common)
        }
    }

    @Test(arguments: [
        // password, name
        ("zaphodbeeblebrox", "ZaphodBeeblebrox"),
        ("ZAPHODBEEBLEBROX1", "zaphodbeeblebrox"),
        ("z4ph0db33bl3br0x", "zaphodbeeblebrox"),
        ("zaphodbeeblebrox2024", "zaphodbeeblebrox"),
        ("zxkwvqam1!", "zxkwvqam@example.org"),
        ("zxkwvqam@example.org", "zxkwvqam@example.org"),
        ("zxkw.vqam", "zxkw.vqam"), ("zxkwvqam", "zxkw.vqam@example.org"),
        ("Jürgen-Großmütz", "JÜRGEN-GROSSMÜTZ"),
        ("Coatcheck77", "ada"), ("c0atch3ck!", "ada"), ("coatcheckcoatcheck", "ada"),
    ])
    func `ASVS 6.1.2 and 6.2.11: the person's own name and the name of this program are refused`(
        password: String,
        name: String
    ) throws {
        #expect(try issue(password, name) == .personal)
        #expect(try issue("a sentence that names \(password)", name) == nil)
    }

    @Test func `ASVS 6.2.1 and NIST 3.1.1.2: eight characters, counted by code point`() throws {
        #expect(try issue("kJ8#mP2") == .tooShort(minimum: 8))
        #expect(try issue("kJ8#mP2x") == nil)
        #expect(try issue("жэщюйцы") == .tooShort(minimum: 8))  // 14 bytes
        #expect(try issue("e\u{301}zk\u{308}w") == .tooShort(minimum: 8))
        #expect(try issue("") == .tooShort(minimum: 8))
        let longer = PasswordRules(minimumLength: 15)
        #expect(longer.issue(with: Password("kJ8#mP2xkJ9#m!"), names: []) == .tooShort(minimum: 15))
        #expect(longer.issue(with: Password("kJ8#mP2xkJ9#m!q"), names: []) == nil)
    }

    @Test func `ASVS 6.2.9: passwords of 64 characters and up to 1024 bytes are good`() throws {
        let phrase = "a lantern over nine quiet harbours, "
        let long = String(repeating: phrase, count: 29).prefix(PasswordRules.maximumBytes)
        #expect(long.utf8.count == 1024)
        #expect(try issue(String(long.prefix(64))) == nil)
        #expect(try issue(String(long)) == nil)
        #expect(try issue(String(long) + "x") == .tooLong)
        #expect(try issue(String(repeating: "ж", count: 513)) == .tooLong)
    }

    @Test func `a null byte is refused, since other hashes end there`() throws {
        #expect(try issue("kJ8#mP2x\u{0}tail") == .containsNull)
    }

    @Test func `a keyboard walk of 1024 bytes is judged in a moment`() throws {
        // zxcvbn alone needs more than a second of processor time for the first hundred bytes.
        let walk = Password(String(repeating: "32", count: 512))
        let clock = ContinuousClock()
        let fastest = (0..<5).map { _ in
            clock.measure { #expect(rules.issue(with: walk, names: []) == .common) }
        }.min()
        #expect(try #require(fastest) < .milliseconds(500))
    }

    @Test(arguments: [
        PasswordIssue.tooShort(minimum: 8), .tooLong, .containsNull, .common, .personal,
    ])
    func `every refusal is a sentence`(issue: PasswordIssue) {
        #expect(issue.sentence.hasSuffix("."))
        #expect(issue.sentence.first?.isUppercase == true)
    }
}
