import HTTP
import Testing

@Suite struct ResponseTests {
    @Test func `fields are lines in the order in which they were added, the status is not one`() {
        var response = Response(status: 204)
        response.add("X-Auth-User", "maria")
        response.add("X-Auth-Groups", bytes: Array("admin,staff".utf8))
        #expect(response.fieldText == "X-Auth-User: maria\r\nX-Auth-Groups: admin,staff\r\n")
        #expect(response.status == 204)
        #expect(response.body.isEmpty)
    }

    @Test(arguments: 0...UInt8.max)
    func `no control character but TAB leaves in a value, in text or in bytes`(byte: UInt8) {
        var response = Response(status: 200)
        response.add("A", bytes: [0x61, byte, 0x62])
        let isRefused = (byte < 0x20 && byte != 0x09) || byte == 0x7F
        let expected = [0x61, isRefused ? UInt8(ascii: "?") : byte, 0x62]
        #expect(response.fields == Array("A: ".utf8) + expected + Array("\r\n".utf8))

        var texted = Response(status: 200)
        texted.add("A", String(Unicode.Scalar(byte)))
        #expect(texted.fields.count { $0 == 0x0A || $0 == 0x0D } == 2)
        #expect(texted.fields.suffix(2) == [0x0D, 0x0A])
    }

    @Test(arguments: [
        "/a\r\nSet-Cookie: session=evil", "/a\nX: y", "/a\rX: y", "/a\r\n\r\n<script>", "\r\n",
        "\0",
    ])
    func `a value cannot split the response`(value: String) {
        let response = Response.redirect(value)
        #expect(response.fieldText.split(separator: "\r\n").count == 1)
        #expect(response.fieldText.hasPrefix("Location: "))
        #expect(response.values(of: "Set-Cookie").isEmpty)
    }

    @Test func `a name in UTF-8 passes unchanged`() {
        var response = Response(status: 204)
        response.add("X-Auth-User", "zoë")
        #expect(response.values(of: "x-auth-user") == ["zoë"])
    }

    @Test func `ASVS 4.1.1: JSON and pages name their type and character set`() {
        let json = Response.json(["status": "ok"])
        #expect(json.status == 200)
        #expect(json.fieldText == "Content-Type: application/json; charset=utf-8\r\n")
        #expect(json.bodyText == #"{"status":"ok"}"#)
        let html = Response.html("<p>é", status: 401)
        #expect(html.status == 401)
        #expect(html.fieldText == "Content-Type: text/html; charset=utf-8\r\n")
        #expect(html.body == Array("<p>é".utf8))
    }

    @Test func `a redirect is 303, so a posted form is not posted again`() {
        let response = Response.redirect("/account")
        #expect(response.status == 303)
        #expect(response.fieldText == "Location: /account\r\n")
        #expect(response.body.isEmpty)
    }

    @Test func `204, 205 and 304 carry no body`() {
        #expect(Response.emptyStatuses == [204, 205, 304])
    }

    @Test func `values are found whatever the case of the name, each of them`() {
        var response = Response(status: 200)
        response.add("Set-Cookie", "a=1")
        response.add("set-cookie", "b=2")
        #expect(response.values(of: "SET-COOKIE") == ["a=1", "b=2"])
        #expect(response.values(of: "Cookie").isEmpty)
    }
}
