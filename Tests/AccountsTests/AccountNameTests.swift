import Testing

@testable import Accounts

@Suite struct AccountNameTests {
    @Test(arguments: [
        // raw, as shown, key
        ("ada", "ada", "ada"),
        ("Ada", "Ada", "ada"),
        ("STRASSE", "STRASSE", "strasse"),
        ("Straße", "Straße", "strasse"),
        ("Ａｄａ", "Ada", "ada"),  // full width
        ("ﬁona", "fiona", "fiona"),  // ligature
        ("𝐀𝐝𝐚", "Ada", "ada"),  // mathematical letters
        ("a\u{308}nne", "änne", "änne"),  // decomposed
        ("ΣΊΣΥΦΟΣ", "ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("Σίσυφος", "Σίσυφος", "σίσυφοσ"),  // final sigma
        ("DIYAR", "DIYAR", "diyar"),
        ("İpek", "İpek", "i\u{307}pek"),  // Turkish capital dotted i
        ("ırmak", "ırmak", "ırmak"),  // Turkish dotless i
        ("①②", "12", "12"),
        ("李", "李", "李"),
        ("_bot-2", "_bot-2", "_bot-2"),
        ("o'brien+{x}", "o'brien+{x}", "o'brien+{x}"),
    ])
    func `a name is shown in NFKC and compared after full case folding`(
        raw: String,
        shown: String,
        key: String
    ) throws {
        let name = try AccountName(raw)
        #expect(Array(name.text.utf8) == Array(shown.utf8))
        #expect(Array(name.key.text.utf8) == Array(key.utf8))
        #expect(!name.isEmailAddress)
    }

    @Test func `a Turkish i does not depend on the machine's language`() throws {
        let keys = try ["i", "I", "ı", "İ"].map { try AccountName($0).key }
        #expect(keys[0] == keys[1])
        #expect(Set(keys).count == 3)
    }

    @Test(arguments: [
        ("", NameError.empty),
        (" ", .whiteSpace), (" ada", .whiteSpace), ("ada ", .whiteSpace), ("a da", .whiteSpace),
        ("ada\t", .whiteSpace), ("ada\r\nX-Auth-Groups: admin", .whiteSpace),
        ("a\u{A0}b", .whiteSpace), ("a\u{3000}b", .whiteSpace), ("a\u{2028}b", .whiteSpace),
        ("a\u{85}b", .whiteSpace),
        ("a\u{0}b", .forbidden("\u{0}", atStart: false)),
        ("a\u{1B}[2J", .forbidden("\u{1B}", atStart: false)),
        ("a\u{7F}", .forbidden("\u{7F}", atStart: false)),
        ("a\u{200B}b", .forbidden("\u{200B}", atStart: false)),  // zero width space
        ("a\u{200D}b", .forbidden("\u{200D}", atStart: false)),  // zero width joiner
        ("\u{FEFF}ada", .forbidden("\u{FEFF}", atStart: false)),  // byte order mark
        ("a\u{202E}nimda", .forbidden("\u{202E}", atStart: false)),  // right-to-left override
        ("a\u{2066}b", .forbidden("\u{2066}", atStart: false)),  // isolate
        ("a\u{AD}b", .forbidden("\u{AD}", atStart: false)),  // soft hyphen
        ("a\u{FE0F}", .forbidden("\u{FE0F}", atStart: false)),  // variation selector
        ("a\u{3164}", .forbidden("\u{1160}", atStart: false)),  // Hangul filler
        ("a\u{34F}", .forbidden("\u{34F}", atStart: false)),  // grapheme joiner
        ("fox🦊", .forbidden("🦊", atStart: false)),
        ("a\u{E000}", .forbidden("\u{E000}", atStart: false)),  // private use
        ("a\u{FFFF}", .forbidden("\u{FFFF}", atStart: false)),  // no character
        ("a\u{378}", .forbidden("\u{378}", atStart: false)),  // unassigned
        ("a,b", .forbidden(",", atStart: false)), ("a;b", .forbidden(";", atStart: false)),
        ("a:b", .forbidden(":", atStart: false)), ("a/b", .forbidden("/", atStart: false)),
        ("a\\b", .forbidden("\\", atStart: false)), ("a\"b", .forbidden("\"", atStart: false)),
        ("<b>", .forbidden("<", atStart: false)), ("a(b)", .forbidden("(", atStart: false)),
        ("⑴", .forbidden("(", atStart: false)), ("℀", .forbidden("/", atStart: false)),
        ("-rf", .forbidden("-", atStart: true)), ("=1+1", .forbidden("=", atStart: true)),
        ("..", .forbidden(".", atStart: true)), ("\u{301}a", .forbidden("\u{301}", atStart: true)),
        ("a@", .notAnAddress), ("a@b", .notAnAddress), ("a@b@example.org", .notAnAddress),
        ("a@.org", .notAnAddress), ("a@example.", .notAnAddress), ("a@-x.org", .notAnAddress),
        ("a@x-.org", .notAnAddress), ("a@ex_ample.org", .notAnAddress),
        ("a@example..org", .notAnAddress),
        ("@example.org", .forbidden("@", atStart: true)),
        ("a@\u{301}example.org@x", .notAnAddress),
    ])
    func `what cannot be a name is refused, with a reason`(raw: String, reason: NameError) {
        let error = #expect(throws: NameError.self) { try AccountName(raw) }
        #expect(error == reason)
        #expect(error?.sentence.hasSuffix(".") == true)
        #expect(error?.sentence.unicodeScalars.contains { $0.value < 0x20 } == false)
    }

    @Test(arguments: [
        "ada@example.org", "Ada.Lovelace+door@Sub.Example.ORG", "_x@example.org",
        "jürgen@bücher.example", "ada＠example．org", "a@1.2",
    ])
    func `an email address is a name`(raw: String) throws {
        #expect(try AccountName(raw).isEmailAddress)
    }

    @Test func `the length counts in bytes after NFKC`() throws {
        let limit = AccountName.maximumBytes
        let longest = String(repeating: "a", count: limit)
        #expect(try AccountName(longest).text == longest)
        #expect(throws: NameError.tooLong) { try AccountName(longest + "a") }
        // Four bytes of a mathematical letter become one.
        #expect(try AccountName(String(repeating: "𝐚", count: limit)).text == longest)
        // Three bytes of one ligature become thirty-three.
        #expect(throws: NameError.tooLong) { try AccountName(String(repeating: "ﷺ", count: 84)) }
        #expect(throws: NameError.tooLong) {
            try AccountName(String(repeating: "a", count: 65_536))
        }
    }

    @Test func `the key of every letter is its own key, and a name that is allowed`() {
        for value: UInt32 in 0x21...0x1_FFFF {
            guard let scalar = Unicode.Scalar(value),
                let name = try? AccountName("a" + String(Character(scalar)))
            else { continue }
            let again = try? AccountName(name.key.text)
            #expect(again?.key == name.key, "U+\(String(value, radix: 16))")
            #expect(name.text.unicodeScalars.allSatisfy { $0.value >= 0x21 && $0.value != 0x7F })
        }
    }

    @Test func `a control character is named and never shown`() {
        #expect(
            NameError.forbidden("\u{202E}", atStart: false).sentence
                == "A name cannot contain the character U+202E."
        )
        #expect(
            NameError.forbidden("-", atStart: true).sentence
                == "A name cannot begin with the character -."
        )
    }
}
