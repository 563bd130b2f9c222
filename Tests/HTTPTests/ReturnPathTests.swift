import HTTP
import Testing

@Suite struct ReturnPathTests {
    private static let hosts = ["app.example.com", "Wiki.Example.com:8443", "http://lan.internal"]

    @Test(arguments: [
        "/", "/account", "/dashboard?tab=1&x=%2F#top", "/a//b", "/a/b/", "/x?next=//evil.com",
        "/x?a=../..", "/x#/../", "/%2f/evil.com", "/%2F%2Fevil.com", "/%5cevil.com",
        "/%09/evil.com",
        "/%0d%0aSet-Cookie:%20a=b", "/:evil.com", "/@evil.com", "/https://evil.com", "/...",
        "/.well-known/x",
        "/a..b/..c/d..", "/a;b=c/~d", "/?", "/#", "/x?{}|^`\"<>",
    ])
    func `ASVS 3.7.2: a path on this site passes as it is`(raw: String) {
        #expect(ReturnPath(raw, allowedHosts: [])?.location == raw)
    }

    @Test(arguments: [
        "", " ", "account", "./account", "../x", "?x", "#x", "//", "//evil.com", "///evil.com",
        "////evil.com/x", "/\\evil.com", "\\\\evil.com", "\\/evil.com", "/a\\b", "/x?a=\\",
        "/\t/evil.com", "/\n/evil.com", "/\r/evil.com", "\t//evil.com", " //evil.com", " /x", "/x ",
        "/\0/evil.com", "/\u{7F}", "/a b", "/é", "/\u{2028}", "/\u{FF0F}evil.com", "/\u{3002}",
        "/.//evil.com", "/..//evil.com", "/x/..//evil.com", "/x/%2e%2E//evil.com", "/%2e//evil.com",
        "/.%2e//evil.com", "/%2E./x", "/.", "/..", "/a/..", "/a/./b", "/a/../b?x",
        "javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "vbscript:x",
        "mailto:a@b",
        "ftp://app.example.com/", "blob:https://app.example.com/x", "file:///etc/passwd",
        "https://evil.com", "https://evil.com/app.example.com", "app.example.com",
        "//app.example.com",
    ])
    func `ASVS 3.7.2: whatever could lead elsewhere is refused`(raw: String) {
        #expect(ReturnPath(raw, allowedHosts: Self.hosts) == nil)
    }

    @Test(arguments: [
        "https://app.example.com", "https://app.example.com/", "https://app.example.com/x?y=1#z",
        "https://app.example.com?x", "https://app.example.com#x", "https://APP.example.com/x",
        "https://wiki.example.com:8443/x", "http://lan.internal/x",
    ])
    func `ASVS 3.7.2: a URL of a listed host passes as it is`(raw: String) {
        #expect(ReturnPath(raw, allowedHosts: Self.hosts)?.location == raw)
        #expect(ReturnPath(raw, allowedHosts: []) == nil)
    }

    @Test(arguments: [
        "http://app.example.com/", "https://lan.internal/", "HTTPS://app.example.com/",
        "https:app.example.com", "https:/app.example.com", "https:///app.example.com",
        "https://app.example.com:443/", "https://app.example.com:8443/",
        "https://wiki.example.com/",
        "https://app.example.com.", "https://app.example.com.evil.com",
        "https://evilapp.example.com",
        "https://sub.app.example.com", "https://example.com", "https://app.example.com@evil.com/",
        "https://user@app.example.com/", "https://user:pass@app.example.com/",
        "https://@app.example.com/",
        "https://evil.com\\@app.example.com", "https://app.example.com\\.evil.com",
        "https://app.example.com%2eevil.com", "https://app.example.com%00.evil.com",
        "https://evil.com#app.example.com", "https://evil.com?app.example.com", "https://",
        "https:// app.example.com", "https://app.exam\tple.com", "https://app.example.com/\r\nX: y",
        "https://app.example.com/../x", "https://app.example.com//x",
        "https://\u{430}pp.example.com",
    ])
    func `a URL that only resembles a listed host is refused`(raw: String) {
        #expect(ReturnPath(raw, allowedHosts: Self.hosts) == nil)
    }

    @Test func `an entry that names https is the same as one without a scheme`() {
        let hosts = ["https://app.example.com"]
        #expect(ReturnPath("https://app.example.com/x", allowedHosts: hosts) != nil)
        #expect(ReturnPath("http://app.example.com/x", allowedHosts: hosts) == nil)
    }

    @Test func `empty entries of the list let nothing in`() {
        for raw in ["https://", "https:///x", "http://", "https://evil.com"] {
            #expect(ReturnPath(raw, allowedHosts: ["", "https://", "http://"]) == nil)
        }
    }

    @Test func `2048 bytes pass, one more does not`() {
        let longest = "/" + String(repeating: "a", count: 2047)
        #expect(ReturnPath(longest, allowedHosts: []) != nil)
        #expect(ReturnPath(longest + "a", allowedHosts: []) == nil)
    }
}
