import HTTP
import Testing

@Suite struct RequestTests {
    @Test func `the empty parameter of an absent header reads as absent`() {
        let request = Request(
            method: .get,
            path: "/",
            contentType: "",
            accept: "",
            origin: "",
            secFetchSite: "",
            secFetchMode: "",
            secFetchDest: "",
            requestedWith: ""
        )
        #expect(request.contentType == nil)
        #expect(request.accept == nil)
        #expect(request.origin == nil)
        #expect(request.secFetchSite == nil)
        #expect(request.secFetchMode == nil)
        #expect(request.secFetchDest == nil)
        #expect(request.requestedWith == nil)
    }

    @Test(arguments: [
        ("Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"),
        ("", ""),
        ("a\r\nlevel=info msg=forged", "a??level=info msg=forged"),
        ("a\0b\tc\u{7F}d\u{1B}[31m", "a?b?c?d?[31m"),
        ("caf\u{E9}", "caf??"),
    ])
    func `ASVS 16.4.1: a user agent keeps printable ASCII only`(raw: String, kept: String) {
        #expect(Request.cut(userAgent: Array(raw.utf8).span) == kept)
    }

    @Test(arguments: [(256, 256), (257, 256), (9999, 256)], [UInt8(ascii: "a"), 0xFF])
    func `a user agent keeps at most 256 bytes, whatever it is made of`(
        length: (sent: Int, kept: Int),
        byte: UInt8
    ) {
        let bytes = [UInt8](repeating: byte, count: length.sent)
        #expect(Request.cut(userAgent: bytes.span).utf8.count == length.kept)
    }
}
