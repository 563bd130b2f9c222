import HTTP
import Testing

@Suite struct JSONSerializationTests {
    private func text(_ value: JSON) -> String {
        String(decoding: value.serialized(), as: UTF8.self)
    }

    @Test(
        arguments: [
            (JSON.null, "null"), (true, "true"), (false, "false"), (0, "0"), (-1, "-1"),
            (1_700_000_000, "1700000000"), (0.5, "0.5"), (.number(-0.0), "0"), (1e21, "1e+21"),
            (.number(.infinity), "null"), (.number(.nan), "null"), ("", "\"\""), ([], "[]"),
            ([:], "{}"), ([1, "a", .null], #"[1,"a",null]"#),
            ("\"\\/\n\r\t\u{8}\0\u{1F}\u{7F}", #""\"\\/\n\r\t\u0008\u0000\u001f\u007f""#),
            // Each alone, as a text without any of them is copied whole.
            ("a\\b", #""a\\b""#), ("a\"b", #""a\"b""#), ("a\u{1F}b", #""a\u001fb""#),
            ("a\u{7F}b", #""a\u007fb""#), ("a\nb", #""a\nb""#),
            ("é😀</script>", "\"é😀</script>\""), (JSON(nil), "null"),
            (JSON("x" as String?), "\"x\""),
        ] as [(JSON, String)]
    )
    func `a value is written without white space and without a needless fraction`(
        value: JSON,
        expected: String
    ) {
        #expect(text(value) == expected)
    }

    @Test func `members keep the order in which they are written`() {
        let value: JSON = ["z": 1, "a": ["y": true, "b": .null], "m": []]
        #expect(text(value) == #"{"z":1,"a":{"y":true,"b":null},"m":[]}"#)
    }

    @Test(
        arguments: [
            [
                "a": [1, -2.5, 1e300, .number(.leastNonzeroMagnitude)],
                "": "\u{0}\u{1F}\u{2028}\"\\😀",
                "é": [[], [:], .null],
            ],
            [0.1, 0.2, 123_456_789_012_345, 9_007_199_254_740_993],
        ] as [JSON]
    )
    func `what is written reads back the same`(value: JSON) throws {
        #expect(try JSON(parsing: value.serialized()) == value)
    }
}
