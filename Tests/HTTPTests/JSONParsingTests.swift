import HTTP
import Testing

@Suite struct JSONParsingTests {
    private func parse(_ text: String) throws(InputError) -> JSON {
        try JSON(parsing: Array(text.utf8))
    }

    @Test(
        arguments: [
            ("null", JSON.null), ("true", true), (" false ", false), ("\t\r\n1\n", 1), ("0", 0),
            ("-0", .number(-0.0)), ("-12.50", -12.5), ("1e3", 1000), ("1E+3", 1000),
            ("1e-3", 0.001),
            ("\"\"", ""), ("\"a\"", "a"), ("[]", []), ("[ ]", []), ("[1, [2]]", [1, [2]]),
            ("{}", [:]),
            ("{ \"a\" : 1 , \"b\" : [ null ] }", ["a": 1, "b": [.null]]),
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u00e9\u00E9""#, "éé"), (#""\ud83d\ude00""#, "😀"), ("\"😀\"", "😀"),
            (#""\u0000""#, "\0"), ("\"\u{7F}\"", "\u{7F}"), (#""\ufeff""#, "\u{FEFF}"),
        ] as [(String, JSON)]
    )
    func `RFC 8259: what is JSON is read`(text: String, value: JSON) throws {
        #expect(try parse(text) == value)
    }

    @Test(arguments: [
        ("", 0), ("  ", 2), ("nul", 0), ("nullx", 4), ("True", 0), ("NaN", 0), ("Infinity", 0),
        ("-", 0), ("+1", 0), ("01", 1), ("-01", 2), ("1.", 0), (".5", 0), ("1e", 0), ("1e+", 0),
        ("0x10", 1), ("1e999", 0), ("-1e999", 0), ("1 2", 2), ("[1,]", 3), ("[,1]", 1), ("[1", 2),
        ("[1 2]", 3), ("]", 0), ("{\"a\"}", 4), ("{\"a\":}", 5), ("{a:1}", 1), ("{'a':1}", 1),
        ("{\"a\":1,}", 7), ("{\"a\":1", 6), ("{,}", 1), ("{1:2}", 1), ("\"a", 0), ("\"a\\", 2),
        ("\"\n\"", 1), ("\"\t\"", 1), ("\"\0\"", 1), ("'a'", 0), (#""\x41""#, 1), (#""\u12""#, 1),
        (#""\u12G4""#, 1), (#""\uD800""#, 1), (#""a\uDC00""#, 2), (#""\uD800\u0041""#, 1),
        (#""\uD800\uD800""#, 1), (#""\uD800x""#, 1), (#""\U0041""#, 1), ("// c\n1", 0),
        ("/**/1", 0), ("{}{}", 2), ("{} x", 3), ("\u{FEFF}{}", 0), ("1\0", 1), ("\u{A0}1", 0),
        ("\u{2028}1", 0),
    ])
    func `RFC 8259: what is not JSON is refused at its byte`(text: String, byte: Int) {
        let found = issues { () throws(InputError) in try parse(text) }
        #expect(found?.count == 1)
        #expect(found?.first?.message.hasSuffix(" (byte \(byte)).") == true, "\(found ?? [])")
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xE2, 0x82, 0x22], [0x22, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
            [0xEF, 0xBB, 0xBF, 0x31], [0xFF, 0xFE, 0x31, 0x00], [0x00, 0x31],
        ] as [[UInt8]]
    )
    func `bytes that are not UTF-8, a byte order mark and UTF-16 are refused`(bytes: [UInt8]) {
        #expect(issues { () throws(InputError) in try JSON(parsing: bytes) } != nil)
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, "a", 7), (#"{"a":1,"a":1}"#, "a", 7), (#"{"a":1,"\u0061":2}"#, "a", 7),
        (#"{"user":{"name":1,"name":2}}"#, "user.name", 18),
        (#"[{"a":1},{"b":1,"b":2}]"#, "1.b", 16),
    ])
    func `ASVS 15.3.7: a name that stands there twice is refused with its path`(
        text: String,
        path: String,
        byte: Int
    ) {
        #expect(
            issues { () throws(InputError) in try parse(text) } == [
                InputIssue(path: path, message: "This name stands there twice (byte \(byte)).")
            ]
        )
    }

    @Test func `an error names the field round it`() {
        let found = issues { () throws(InputError) in try parse(#"{"ok":[1],"list":[1,{"x":?}]}"#) }
        #expect(
            found == [
                InputIssue(path: "list.1.x", message: "A JSON value was expected (byte 25).")
            ]
        )
    }

    @Test(arguments: [("[", "]"), (#"{"a":"#, "}")])
    func `16 levels are read, 17 are refused`(open: String, close: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        #expect(throws: Never.self) { try parse(nested(16)) }
        let found = issues { () throws(InputError) in try parse(nested(17)) }
        #expect(found?.first?.message.hasPrefix("The nesting is deeper than 16") == true)
    }

    @Test func `65536 open brackets are refused without going deep`() {
        for open in ["[", "{\"\":", "[{\"a\":"] {
            let text = String(repeating: open, count: 65_536 / open.utf8.count)
            #expect(issues { () throws(InputError) in try parse(text) } != nil)
        }
    }

    @Test func `an object has at most 64 members`() throws {
        func object(_ count: Int) -> String {
            "{" + (1...count).map { "\"m\($0)\":\($0)" }.joined(separator: ",") + "}"
        }
        #expect(try parse(object(64))["m64"] == 64)
        let found = issues { () throws(InputError) in try parse(object(65)) }
        #expect(found?.first?.path == "m65")
    }

    @Test func `members are found by their bytes, not by canonical equivalence`() throws {
        let value = try parse(#"{"\u212a":1,"K":2}"#)
        #expect(value["K"] == 2)
        #expect(value["\u{212A}"] == 1)
        #expect(value["k"] == nil)
        #expect(JSON.string("K")["K"] == nil)
    }

    @Test func `a number of 60000 digits is read or refused, not trapped on`() {
        let digits = String(repeating: "9", count: 60_000)
        #expect(issues { () throws(InputError) in try parse(digits) } != nil)
        #expect(throws: Never.self) { try parse("0." + digits) }
    }
}
