import HTTP
import Testing

@Suite struct CookieHeaderTests {
    private func find(_ name: String, _ header: [UInt8]) -> String? {
        guard case .found(let range) = CookieHeader.find(Array(name.utf8), in: header.span) else {
            return nil
        }
        return String(decoding: header[range], as: UTF8.self)
    }

    private func lookup(_ name: String, _ header: String) -> CookieLookup {
        CookieHeader.find(Array(name.utf8), in: Array(header.utf8).span)
    }

    @Test(arguments: [
        ("s=abc", "abc"),
        ("a=1; s=abc; b=2", "abc"),
        ("a=1;s=abc;b=2", "abc"),
        ("  s \t=\t abc \t", "abc"),
        ("s=a=b==", "a=b=="),
        ("s=", ""),
        ("s=;", ""),
        (";;; s=abc ;;", "abc"),
        ("s=a b", "a b"),
        ("s=\"abc\"", "\"abc\""),
        ("s=\"a;b\"", "\"a"),
        ("ss=1; s=2; sss=3", "2"),
        ("S=1; s=2", "2"),
        ("s=%61", "%61"),
        ("s=a,s=b", "a,s=b"),
        ("=s; s=2", "2"),
    ])
    func `RFC 6265bis 5.6: split at semicolons, the first = splits, values verbatim`(
        header: String,
        value: String
    ) {
        #expect(find("s", Array(header.utf8)) == value)
    }

    @Test(arguments: [
        "", ";", "=", " ; ; ", "s", "s;", "=s", "=s=abc", "ss=abc", "S=abc", "a=s=abc", "s\0=abc",
        "$s=abc", "\"s\"=abc", "s a=abc", "a=\"; x=s\"",
    ])
    func `a name that only resembles ours is another name`(header: String) {
        #expect(lookup("s", header) == .absent)
    }

    @Test(arguments: [
        "__host-session=a", "__HOST-session=a", "__Host-Session=a", "__Host-session\u{A0}=a",
        "=__Host-session=a", "==__Host-session=a",
    ])
    func `RFC 6265bis 5.4: the prefix is matched with regard to case`(header: String) {
        #expect(lookup("__Host-session", header) == .absent)
    }

    @Test(arguments: [
        "s=1; s=2", "s=1; s=1", "s=; s=", "s=1;a=2;s =3", "s=1; s=2; s=3", "s=1;\ts=2",
    ])
    func `RFC 6265bis: two cookies of our name are repeated, whatever their values`(
        header: String
    ) {
        #expect(lookup("s", header) == .repeated)
    }

    @Test func `the range covers the bytes of the value in the header`() {
        #expect(lookup("s", "a=1; s= xyz ;b") == .found(8..<11))
    }

    @Test func `bytes that are not UTF-8 neither match nor disturb`() {
        let header: [UInt8] = [0xFF, 0x3D, 0xFE, 0x3B, 0x73, 0x3D, 0xC3, 0x28]
        #expect(
            CookieHeader.find([0x73], in: header.span) == .found(6..<8)
        )
    }

    @Test func `a header of many thousand cookies is read to its end`() {
        let noise = String(repeating: "x=1;", count: 50_000)
        #expect(find("s", Array((noise + "s=abc").utf8)) == "abc")
        #expect(lookup("s", "s=1;" + noise + "s=2") == .repeated)
        #expect(lookup("s", String(repeating: ";", count: 200_000)) == .absent)
    }
}
