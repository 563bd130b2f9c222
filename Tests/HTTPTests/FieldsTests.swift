import HTTP
import Testing

@Suite struct FieldsTests {
    private let form = "application/x-www-form-urlencoded"

    private func request(_ type: String?, _ body: String) -> Request {
        Request(method: .post, path: "/x", contentType: type, body: .bytes(Array(body.utf8)))
    }

    @Test(arguments: [
        "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=UTF-8",
        "APPLICATION/X-WWW-FORM-URLENCODED;charset=\"utf-8\"",
    ])
    func `a form is read`(type: String) throws {
        let fields = try Fields(request(type, "username=maria&remember=on"))
        #expect(try fields.string("username") == "maria")
        #expect(try fields.flag("remember"))
        #expect(try fields.string("absent") == nil)
        #expect(try !fields.flag("absent"))
    }

    @Test(arguments: [
        "application/json", "application/json; charset=utf-8", "Application/JSON ;  charset=UTF-8 ",
        "application/json;", "application/json; x=y",
    ])
    func `a JSON object is read`(type: String) throws {
        let fields = try Fields(
            request(type, #"{"username":"maria","remember":true,"next":null,"off":false}"#)
        )
        #expect(try fields.string("username") == "maria")
        #expect(try fields.flag("remember"))
        #expect(try fields.string("next") == nil)
        #expect(try !fields.flag("next"))
        #expect(try !fields.flag("off"))
        #expect(try fields.string("absent") == nil)
        #expect(try !fields.flag("absent"))
    }

    @Test func `an empty body without a type has no fields`() throws {
        let fields = try Fields(request(nil, ""))
        #expect(try fields.string("username") == nil)
        #expect(try !fields.flag("remember"))
        #expect(throws: Never.self) { try Fields(request(form, "")) }
    }

    @Test(arguments: [
        nil, "text/plain", "multipart/form-data; boundary=x", "application/xml",
        "application/jsonp",
        "application/problem+json", "json", "application", "application/", "/json", "*/*",
        "application/json; charset=latin1", "application/json; charset=utf-16",
        "application/x-www-form-urlencoded; charset=iso-8859-1", "application/json; charset=",
        "application/json; charset=utf-8; charset=utf-8",
        "application/json; charset=utf-8; charset=latin1", "application/json; CHARSET=latin1",
        "application/json; charset", "application/json; charset=\"utf-8",
        "application/json, text/plain", "application/json text", "application/json\r\nX: y",
        "application/json\0",
    ])
    func `a type that is not read, or is not one type in UTF-8, is 415`(type: String?) {
        #expect(throws: InputError.unsupportedMediaType) { try Fields(request(type, "{}")) }
    }

    @Test(arguments: [nil, "application/json", "text/plain"])
    func `a body over the limit is 413 and one cut short is 400, whatever its type`(type: String?) {
        #expect(throws: InputError.tooLarge) {
            try Fields(Request(method: .post, path: "/", contentType: type, body: .tooLarge))
        }
        #expect(throws: InputError.truncated) {
            try Fields(Request(method: .post, path: "/", contentType: type, body: .truncated))
        }
    }

    @Test(arguments: ["", "[]", "null", "\"a\"", "1", "{", "{\"a\":1}x", "username=maria"])
    func `JSON that is no object is 400`(body: String) {
        #expect(
            issues { () throws(InputError) in try Fields(request("application/json", body)) } != nil
        )
    }

    @Test(arguments: ["1", "true", "false", "[]", "[\"a\"]", "{}", #""\u0000""#, #""a\u0000b""#])
    func `a text of another JSON type or with NUL is refused by the name of its field`(
        value: String
    ) throws {
        let fields = try Fields(request("application/json", "{\"username\":\(value)}"))
        let found = issues { () throws(InputError) in try fields.string("username") }
        #expect(found?.map(\.path) == ["username"])
    }

    @Test(arguments: [
        ("on", true), ("true", true), ("1", true), ("yes", true), ("off", false), ("false", false),
        ("0", false), ("no", false), ("", false),
    ])
    func `a flag of a form is one of nine words`(word: String, expected: Bool) throws {
        #expect(try Fields(request(form, "remember=\(word)")).flag("remember") == expected)
    }

    @Test(arguments: ["On", "TRUE", "2", "y", "on ", "maybe", "on,off"])
    func `any other word of a form is refused by the name of its field`(word: String) throws {
        let fields = try Fields(request(form, "remember=\(word)"))
        let found = issues { () throws(InputError) in try fields.flag("remember") }
        #expect(found?.map(\.path) == ["remember"])
    }

    @Test(arguments: ["\"true\"", "1", "0", "\"\"", "[]", "{}"])
    func `a flag of JSON is a bool`(value: String) throws {
        let fields = try Fields(request("application/json", "{\"remember\":\(value)}"))
        let found = issues { () throws(InputError) in try fields.flag("remember") }
        #expect(found?.map(\.path) == ["remember"])
    }
}
