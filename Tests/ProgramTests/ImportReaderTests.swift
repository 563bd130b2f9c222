import Accounts
import Sessions
import Testing
import coatcheck

/// Files of accounts: what is read, what is refused and how it is told.
@Suite struct ImportReaderTests {
    private static let hash = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC"

    private func read(_ text: String, _ format: ImportFormat? = nil) throws -> ImportReader {
        try read(Array(text.utf8), format)
    }

    private func read(_ bytes: [UInt8], _ format: ImportFormat? = nil) throws -> ImportReader {
        try withFile(bytes: bytes) {
            try ImportReader(path: $0, format: format, at: Timestamp(seconds: 1_000))
        }
    }

    @Test(arguments: [
        "ada:\(hash)", "ada:\(hash)\n", "ada:\(hash)\r\n", "\n\n  \n# a comment: x\nada:\(hash)\n",
        "\u{feff}ada:\(hash)\n", "ada:\(hash):a comment: with colons\n",
        #"{"username":"ada","passwordHash":"\#(hash)"}"#,
        #"\#n {"passwordHash":"\#(hash)","email":null,"username":"ada","groups":[]} "#,
    ])
    func `an account is read, however its line ends`(text: String) throws {
        let reader = try read(text)
        #expect(reader.problems.isEmpty, "\(reader.problems.report)")
        #expect(reader.accounts.map(\.user.username) == ["ada"])
        #expect(reader.accounts.map(\.passwordHash) == [PasswordHash(text: Self.hash)])
        #expect(reader.accounts.first?.user.createdAt == Timestamp(seconds: 1_000))
    }

    @Test func `a line of JSON says all about an account`() throws {
        let line = #"{"username":"Ada","email":"Ada@example.org","disabled":true,"#
        let reader = try read(line + #""groups":["staff","admin","staff"]}"#)
        let account = try #require(reader.accounts.first)
        #expect(account.user.username == "Ada")
        #expect(account.user.email == "Ada@example.org")
        #expect(account.user.groups == ["admin", "staff"])
        #expect(account.user.isDisabled)
        #expect(account.passwordHash == .none)
    }

    @Test func `an email address as a name is the email address too`() throws {
        let account = try #require(try read("ada@example.org:\(Self.hash)").accounts.first)
        #expect(account.user.email == "ada@example.org")
    }

    @Test(arguments: [
        ("ada", "no colon"), ("ada\(hash)", "no colon"), (":\(hash)", "Choose a name"),
        ("a b:\(hash)", "no spaces"), (" ada:\(hash)", "no spaces"), ("a\u{1}b:\(hash)", "U+0001"),
        ("a\0b:\(hash)", "U+0000"), ("a\u{202e}b:\(hash)", "U+202E"), ("-ada:\(hash)", "begin"),
        ("a@b:\(hash)", "no email address"), ("ada:", "DES crypt"), ("ada:!", "DES crypt"),
        ("ada:2CleVO/m80E1s", "DES crypt"), ("ada:\(hash) ", "not well formed"),
        ("ada:$2y$31$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC", "costs too much"),
        ("\(String(repeating: "a", count: 255)):\(hash)", "too long"),
        ("ada:" + String(repeating: "x", count: 4093), "longer than 4096 bytes"),
        ("{\"username\":\"ada\"", "not one JSON object"), ("{}", "Choose a name"),
        (#"{"username":"ada"} {"username":"bob"}"#, "not one JSON object"),
        (#"{"username":1}"#, "username is of the wrong type"),
        (#"{"username":"ada","groups":"staff"}"#, "groups is of the wrong type"),
        (#"{"username":"ada","groups":[1]}"#, "groups is of the wrong type"),
        (#"{"username":"ada","groups":["a b"]}"#, "name of a group"),
        (#"{"username":"ada","groups":["a,b"]}"#, "name of a group"),
        (#"{"username":"ada","groups":["a\n"]}"#, "name of a group"),
        (#"{"username":"ada","disabled":"yes"}"#, "disabled is of the wrong type"),
        (#"{"username":"ada","password":"secret"}"#, "a member besides"),
        (#"{"username":"ada","passwordHash":"secret"}"#, "DES crypt"),
        (#"{"username":"ada","email":"ada"}"#, "no email address"),
        (#"{"username":"ada","username":"bob"}"#, "not one JSON object"),
    ])
    func `a line that cannot be used is named and described`(line: String, word: String) throws {
        let reader = try read("#\n" + line + "\n", line.hasPrefix("{") ? .jsonl : .htpasswd)
        // The comment is no JSON: there it is the first problem.
        #expect(reader.problems.texts.last?.hasPrefix("line 2: ") == true)
        #expect(reader.problems.texts.last?.contains(word) == true, "\(reader.problems.report)")
        #expect(!reader.problems.report.contains("secret"))
        #expect(!reader.problems.report.contains(Self.hash.dropFirst(10)))
    }

    @Test func `a line of a megabyte is passed over`() throws {
        let reader = try read("ada:" + String(repeating: "x", count: 1_000_000) + "\nbad\n")
        #expect(reader.problems.texts.map { $0.prefix(7) } == ["line 1:", "line 2:"])
    }

    @Test func `a line that is not UTF-8 is refused`() throws {
        let reader = try read([0x61, 0xFF, 0x3A, 0x78, 0x0A])
        #expect(reader.problems.texts == ["line 1: The line is not UTF-8."])
    }

    @Test func `what is wrong besides a wrong line is found too`() throws {
        let good = (1...50).map { "user\($0):\(Self.hash)\n" }.joined()
        var reader = try read(good + "bad\n" + "last:\(Self.hash)\nlast:\(Self.hash)\n")
        #expect(reader.accounts.count == 51)
        reader.addTaken([0, 50])
        #expect(
            reader.problems.texts.map { $0.prefix(8) }
                == ["line 1: ", "line 51:", "line 52:", "line 53:"]
        )
    }

    @Test(arguments: ["ada", "ADA", "ａｄａ"])
    func `a name that stands twice is told with both lines`(second: String) throws {
        let reader = try read("bob:\(Self.hash)\nada:\(Self.hash)\n\(second):\(Self.hash)\n")
        #expect(reader.problems.texts == ["line 3: The name is that of line 2 already."])
    }

    @Test func `an email address that is another's name is told`() throws {
        let reader = try read(
            #"{"username":"ada@example.org"}"# + "\n"
                + #"{"username":"bob","email":"ADA@example.org"}"#
        )
        #expect(reader.problems.texts == ["line 2: The name is that of line 1 already."])
    }

    @Test func `a hundred problems are told and the rest is counted`() throws {
        let reader = try read(String(repeating: "bad\n", count: 250))
        #expect(reader.problems.count == 250)
        #expect(reader.problems.texts.count == 100)
        #expect(reader.problems.report.hasSuffix("and 150 more lines"))
    }

    @Test func `names that are taken in the store are told by their lines`() throws {
        var reader = try read("# x\nada:\(Self.hash)\n\nbob:\(Self.hash)\neve:\(Self.hash)\n")
        reader.addTaken([1])
        #expect(reader.problems.texts.map { $0.prefix(7) } == ["line 4:"])
    }

    @Test(arguments: [65_530, 65_531, 65_535, 65_536, 65_537, 131_072])
    func `lines across the blocks of a file are whole`(offset: Int) throws {
        let comment = "#" + String(repeating: "c", count: 999) + "\n"
        var text = String(repeating: comment, count: offset / 1001)
        text += "#" + String(repeating: "d", count: offset % 1001) + "\n"
        let reader = try read(text + "ada:\(Self.hash)\nbob:\(Self.hash)", .htpasswd)
        #expect(reader.problems.isEmpty)
        #expect(reader.accounts.map(\.user.username) == ["ada", "bob"])
    }

    @Test(arguments: ["", "\n", "\r\n\r\n", "   \n\t", "# nobody\n"])
    func `a file of nobody is no error`(text: String) throws {
        let reader = try read(text)
        #expect(reader.accounts.isEmpty && reader.problems.isEmpty)
    }

    @Test(arguments: ["/nonexistent/file", "/", "/proc/self/mem"])
    func `a file that cannot be read is an error`(path: String) {
        #expect(throws: (any Error).self) {
            try ImportReader(path: path, format: nil, at: Timestamp(seconds: 0))
        }
    }
}
