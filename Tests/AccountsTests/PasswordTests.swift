import Testing

@testable import Accounts

@Suite struct PasswordTests {
    @Test func `ASVS 6.2.8: the bytes are those that came`() {
        #expect(Password(" Ａe\u{301}É ").bytes == Array(" Ａe\u{301}É ".utf8))
        #expect(Password("é").bytes != Password("e\u{301}").bytes)
    }

    @Test func `a password never prints itself`() {
        let password = Password("kJ8#mP2x")
        var dumped = ""
        dump(password, to: &dumped)
        for text in ["\(password)", String(reflecting: password), dumped, "\([password])"] {
            #expect(text.contains("<password>"))
            #expect(!text.contains("kJ8") && !text.contains("107"))
        }
    }

    @Test func `a password hash never prints itself`() {
        let hash = PasswordHash(text: "$argon2id$secret")
        var dumped = ""
        dump(hash, to: &dumped)
        for text in ["\(hash)", String(reflecting: hash), dumped, "\([hash])"] {
            #expect(text.contains("<password hash>"))
            #expect(!text.contains("argon2id"))
        }
    }
}
