import HTTP
import Testing

@Suite struct MethodTests {
    @Test(arguments: Method.allCases)
    func `a method is recognised by its own token`(method: Method) {
        #expect(Method(token: method.token) == method)
    }

    @Test(arguments: [
        "", "get", "Get", "GET ", " GET", "GETS", "TRACE", "CONNECT", "PO\0ST", "ＧＥＴ",
    ])
    func `ASVS 4.1.4: any other token is unknown, spellings in lower case too`(token: String) {
        #expect(Method(token: token) == nil)
    }

    @Test func `ASVS 3.5.3: exactly GET, HEAD and OPTIONS are safe`() {
        #expect(Method.allCases.filter(\.isSafe) == [.get, .head, .options])
    }
}
