import HTTP
import Testing

@Suite struct NavigationTests {
    private static let html = "text/html,application/xhtml+xml,*/*;q=0.8"

    @Test(arguments: [Method.get, .head, .post], [nil, "document", "iframe", "frame"])
    func `Sec-Fetch-Mode navigate to a document or a frame is a navigation`(
        method: Method,
        destination: String?
    ) {
        let request = Request(
            method: method,
            path: "/",
            accept: "*/*",
            secFetchMode: "navigate",
            secFetchDest: destination,
            requestedWith: "x"
        )
        #expect(request.isNavigation)
    }

    @Test(arguments: ["cors", "no-cors", "same-origin", "websocket", "Navigate", "navigate "])
    func `another Sec-Fetch-Mode is none, whatever Accept says`(mode: String) {
        let request = Request(method: .get, path: "/", accept: Self.html, secFetchMode: mode)
        #expect(!request.isNavigation)
    }

    @Test(arguments: ["image", "script", "empty", "style", "object", "embed", "worker", "Document"])
    func `another Sec-Fetch-Dest is none`(destination: String) {
        for mode in [nil, "navigate"] {
            let request = Request(
                method: .get,
                path: "/",
                accept: Self.html,
                secFetchMode: mode,
                secFetchDest: destination
            )
            #expect(!request.isNavigation)
        }
    }

    @Test(arguments: [Method.put, .patch, .delete, .options, nil])
    func `a method that no link and no form sends is none`(method: Method?) {
        let request = Request(
            method: method,
            path: "/",
            accept: Self.html,
            secFetchMode: "navigate"
        )
        #expect(!request.isNavigation)
    }

    @Test(
        arguments: [
            (html, nil, true), ("text/html", nil, true), ("*/*", nil, false), (nil, nil, false),
            ("application/json", nil, false), ("text/html;q=0", nil, false),
            ("application/json, text/html;q=0.5", nil, false), (html, "XMLHttpRequest", false),
        ] as [(String?, String?, Bool)]
    )
    func `without Sec-Fetch-Mode Accept and X-Requested-With decide`(
        accept: String?,
        requestedWith: String?,
        expected: Bool
    ) {
        let request = Request(
            method: .get,
            path: "/",
            accept: accept,
            requestedWith: requestedWith
        )
        #expect(request.isNavigation == expected)
    }

    @Test(
        arguments: [
            ("application/x-www-form-urlencoded", true), ("multipart/form-data; boundary=x", true),
            ("text/plain", true), ("application/json", false), (nil, false), ("x", false),
        ] as [(String?, Bool)]
    )
    func `without Sec-Fetch-Mode a POST navigates when it is a form`(type: String?, expected: Bool)
    {
        let request = Request(method: .post, path: "/", contentType: type, accept: Self.html)
        #expect(request.isNavigation == expected)
    }
}
