import HTTP
import Testing

@Suite struct FormTests {
    private func value(_ name: String, _ body: String) throws -> String? {
        try Form(parsing: Array(body.utf8)).value(name)
    }

    @Test(arguments: [
        ("a=b", "b"), ("x=1&a=b&y=2", "b"), ("a=b+c", "b c"), ("a=b%2Bc", "b+c"),
        ("a=b%26c%3Dd", "b&c=d"), ("a=b=c", "b=c"), ("a=", ""), ("a", ""), ("&&a=b&&", "b"),
        ("%61=b", "b"), ("a=%e2%82%ac", "€"), ("a=%E2%82%AC", "€"), ("a=€", "€"), ("a=%0a", "\n"),
        ("a=b;c=d", "b;c=d"), ("a=%25", "%"), ("a=%2500", "%00"), ("A=x&a=b", "b"),
    ])
    func `names and values are decoded as WHATWG says`(body: String, expected: String) throws {
        #expect(try value("a", body) == expected)
    }

    @Test func `an absent field is nil and an empty body has no fields`() throws {
        #expect(try value("a", "") == nil)
        #expect(try value("a", "b=a") == nil)
        #expect(try value("", "=x") == "x")
    }

    @Test(arguments: [
        ("username=%", "username"), ("username=%4", "username"), ("username=%zz", "username"),
        ("username=a%4&b=c", "username"), ("username=%%41", "username"),
        ("ok=1&username=%ff", "username"), ("username=%c0%80", "username"),
        ("username=%ed%a0%80", "username"), ("username=%f4%90%80%80", "username"),
        ("username=%e2%82", "username"), ("username=%00", "username"),
        ("username=a%00b", "username"), ("username=a\0b", "username"),
        ("user%zz=1", "user%zz"), ("user%00=1", "user%00"), ("us%ffer=1", "us%ffer"),
    ])
    func `a value that cannot be decoded is refused by the name of its field`(
        body: String,
        field: String
    ) throws {
        let issues = issues { () throws(InputError) in try Form(parsing: Array(body.utf8)) }
        #expect(issues?.map(\.path) == [field])
    }

    @Test(arguments: ["a=1&a=2", "a=1&a=1", "a&a", "a=1&b=2&%61=3", "a=&a="])
    func `ASVS 15.3.7: a field that stands there twice is refused`(body: String) {
        let issues = issues { () throws(InputError) in try Form(parsing: Array(body.utf8)) }
        #expect(
            issues == [InputIssue(path: "a", message: "This field stands there twice.")]
        )
    }

    @Test func `64 fields are read, the 65th is refused by its name`() throws {
        let fields = (1...65).map { "f\($0)=\($0)" }
        #expect(try value("f64", fields.prefix(64).joined(separator: "&")) == "64")
        let issues = issues { () throws(InputError) in
            try Form(parsing: Array(fields.joined(separator: "&").utf8))
        }
        #expect(issues?.map(\.path) == ["f65"])
    }

    @Test func `names are compared byte for byte, not by canonical equivalence`() throws {
        // U+212A KELVIN SIGN equals "K" as a Swift string.
        #expect(try value("K", "%E2%84%AA=1") == nil)
    }

    @Test func `an issue repeats at most 64 characters of a name`() {
        let body = String(repeating: "n", count: 60_000) + "=%"
        let issues = issues { () throws(InputError) in try Form(parsing: Array(body.utf8)) }
        #expect(issues?.first?.path == String(repeating: "n", count: 64))
    }

    @Test func `a body of separators only has no fields`() throws {
        #expect(try value("a", String(repeating: "&", count: 65_536)) == nil)
    }
}
