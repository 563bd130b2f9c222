import HTTP
import Testing

@Suite struct QueryTests {
    private func next(_ query: String) -> String? {
        Request(method: .get, path: "/login", query: query).queryValue("next")
    }

    @Test(arguments: [
        ("next=%2Fa%3Fb%3D1%26c%3D2", "/a?b=1&c=2"), ("next=/a", "/a"), ("a=1&next=x&b=2", "x"),
        ("next=", ""), ("next", ""), ("next=a=b", "a=b"), ("next=a+b", "a b"), ("%6eext=x", "x"),
        ("&&next=x&", "x"), ("other=%zz&next=x", "x"), ("%zz=1&next=x", "x"),
        ("a=1&a=2&next=x", "x"),
    ])
    func `a value is found and decoded`(query: String, value: String) {
        #expect(next(query) == value)
    }

    @Test(arguments: [
        "", "&", "=", "Next=x", "nextx=1", "next=%", "next=%2", "next=%zz", "next=%ff", "next=%00",
        "next=a&next=a", "next=a&next=b", "next=a&%6Eext=b", "next&next", "next=a&next=%zz",
    ])
    func `ASVS 15.3.7: an absent, repeated or undecodable value is nil`(query: String) {
        #expect(next(query) == nil)
    }

    @Test(arguments: [
        ("", ""), ("abcXYZ019-._~", "abcXYZ019-._~"),
        ("/a?b=1&c=+ #%", "%2Fa%3Fb%3D1%26c%3D%2B%20%23%25"), ("é😀", "%C3%A9%F0%9F%98%80"),
        ("\"<>'\r\n\0", "%22%3C%3E%27%0D%0A%00"),
    ])
    func `everything but unreserved characters is encoded`(raw: String, encoded: String) {
        #expect(Percent.encodeQueryValue(raw) == encoded)
    }

    @Test func `an encoded value reads back the same`() {
        let raw = String((1...0x2FF).compactMap { Unicode.Scalar($0).map(Character.init) })
        #expect(next("a=1&next=\(Percent.encodeQueryValue(raw))&b=2") == raw)
    }

    @Test(arguments: [
        ("%", PercentError.brokenEscape), ("%a", .brokenEscape), ("%g0", .brokenEscape),
        ("%0g", .brokenEscape), ("%+1", .brokenEscape), ("%80", .notUTF8), ("%00", .nul),
    ])
    func `what cannot be decoded says why`(encoded: String, expected: PercentError) {
        #expect(throws: expected) { try Percent.decode(encoded.utf8) }
    }
}
