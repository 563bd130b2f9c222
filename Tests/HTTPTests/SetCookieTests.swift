import HTTP
import Testing

@Suite struct SetCookieTests {
    @Test func `ASVS 3.3.1 to 3.3.4: Path, Secure, HttpOnly, SameSite and Max-Age in this order`() {
        let cookie = SetCookie(
            name: "__Host-session",
            value: "abc-_9",
            path: "/",
            maxAge: 86400,
            isSecure: true
        )
        #expect(
            cookie.headerValue
                == "__Host-session=abc-_9; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400"
        )
    }

    @Test func `over plain http only Secure is missing`() {
        let cookie = SetCookie(
            name: "session",
            value: "a",
            path: "/auth",
            maxAge: 60,
            isSecure: false
        )
        #expect(
            cookie.headerValue == "session=a; Path=/auth; HttpOnly; SameSite=Lax; Max-Age=60"
        )
    }

    @Test(arguments: [
        (0, 0), (-1, 0), (Int.min, 0), (34_560_000, 34_560_000), (34_560_001, 34_560_000),
        (Int.max, 34_560_000),
    ])
    func `RFC 6265bis 5.5: a lifetime lies between 0 and 400 days`(given: Int, sent: Int) {
        let cookie = SetCookie(name: "s", value: "", path: "/", maxAge: given, isSecure: true)
        #expect(cookie.headerValue.hasSuffix("; Max-Age=\(sent)"))
    }

    @Test(arguments: [
        ("session", true), ("__Host-s", true), ("a!#$%&'*+-.^_`|~9", true), ("", false),
        ("a b", false), ("a=b", false), ("a;b", false), ("a\r\n", false), ("a\0", false),
        ("\"a\"", false), ("café", false), ("a,b", false), ("a/b", false), ("a\u{7F}", false),
    ])
    func `RFC 6265bis 4.1.1: a name is a token`(name: String, isValid: Bool) {
        #expect(SetCookie.isValidName(name) == isValid)
    }

    @Test(arguments: [
        ("/", true), ("/auth", true), ("/a b/~c=,", true), ("", false), ("auth", false),
        ("/a;Domain=x", false), ("/a\r\nX: y", false), ("/a\t", false), ("/é", false),
        ("/" + String(repeating: "a", count: 1023), true),
        ("/" + String(repeating: "a", count: 1024), false),
    ])
    func `RFC 6265bis 4.1.1: a path starts with a slash and cannot add an attribute`(
        path: String,
        isValid: Bool
    ) {
        #expect(SetCookie.isValidPath(path) == isValid)
    }

    @Test(arguments: [
        ("__Host-s", "/", true, true), ("__Host-s", "/auth", true, false),
        ("__Host-s", "/", false, false), ("__HOST-s", "/auth", true, false),
        ("__Secure-s", "/auth", true, true), ("__Secure-s", "/auth", false, false),
        ("__secure-s", "/", false, false), ("__Http-s", "/", false, false),
        ("__Host-Http-s", "/x", true, false), ("s", "/auth", false, true),
        ("x__Host-s", "/auth", false, true),
    ])
    func `ASVS 3.3.3: a prefix asks for its attributes in any case of letters`(
        name: String,
        path: String,
        isSecure: Bool,
        isAllowed: Bool
    ) {
        #expect(
            SetCookie.prefixAllows(name: name, path: path, isSecure: isSecure) == isAllowed
        )
    }

    @Test func `ASVS 3.3.5: name and value of 4096 bytes are made`() {
        let value = String(repeating: "a", count: 4095)
        let cookie = SetCookie(name: "s", value: value, path: "/", maxAge: 1, isSecure: true)
        #expect(cookie.headerValue.hasPrefix("s=aaa"))
    }

    @Test func `a cookie that breaks a rule stops the program`() async {
        await #expect(processExitsWith: .failure) {
            _ = SetCookie(name: "a b", value: "", path: "/", maxAge: 1, isSecure: true)
        }
        await #expect(processExitsWith: .failure) {
            _ = SetCookie(name: "s", value: "a;b", path: "/", maxAge: 1, isSecure: true)
        }
        await #expect(processExitsWith: .failure) {
            _ = SetCookie(name: "s", value: "a\r\nb", path: "/", maxAge: 1, isSecure: true)
        }
        await #expect(processExitsWith: .failure) {
            _ = SetCookie(name: "s", value: "", path: "x", maxAge: 1, isSecure: true)
        }
        await #expect(processExitsWith: .failure) {
            _ = SetCookie(name: "__Host-s", value: "", path: "/a", maxAge: 1, isSecure: true)
        }
        await #expect(processExitsWith: .failure) {
            let value = String(repeating: "a", count: 4096)
            _ = SetCookie(name: "s", value: value, path: "/", maxAge: 1, isSecure: true)
        }
    }
}
