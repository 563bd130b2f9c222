import HTTP
import Testing

/// Random input for every reader of what clients send.
///
/// A trap ends the test process, so the seed is printed first: put it into `seeds` to repeat a run.
@Suite struct FuzzTests {
    /// One fixed seed, so that every run shares a part, and one new one.
    private static let seeds: [UInt64] = [6265, .random(in: 0...UInt64.max)]
    /// The inputs per seed: about a second in a debug build.
    private static let rounds = 4000

    @Test(arguments: seeds)
    func `no input traps a reader, and what passes keeps its promise`(seed: UInt64) throws {
        print("HTTP fuzz seed: \(seed)")
        var source = HostileInput(seed: seed)
        for _ in 0..<Self.rounds {
            let bytes = source.next()
            let text = String(decoding: bytes, as: UTF8.self)
            try checkReaders(bytes, text, seed)
            checkRequest(bytes, text, source.next(), seed)
        }
    }

    private func checkReaders(_ bytes: [UInt8], _ text: String, _ seed: UInt64) throws {
        if let value = try? JSON(parsing: bytes) {
            #expect(try JSON(parsing: value.serialized()) == value, "seed \(seed): \(bytes)")
        }
        _ = try? Form(parsing: bytes)
        _ = MediaType(text)
        _ = deviceName(fromUserAgent: text)
        #expect(Request.cut(userAgent: bytes.span).utf8.count <= 256)
        #expect(
            try Percent.decode(Percent.encodeQueryValue("a\(text)".filter { $0 != "\0" }).utf8)
                == "a\(text)".filter { $0 != "\0" }
        )
        for name in ["", "s", "__Host-session"] {
            if case .found(let range) = CookieHeader.find(Array(name.utf8), in: bytes.span) {
                #expect(!bytes[range].contains(UInt8(ascii: ";")), "seed \(seed): \(bytes)")
            }
        }
        var response = Response(status: 200)
        response.add("A", bytes: bytes)
        response.add("B", text)
        #expect(response.fields.count { $0 == 0x0A } == 2, "seed \(seed): \(bytes)")
        if let path = ReturnPath(text, allowedHosts: ["app.example.com"]) {
            let isOurs = path.location.hasPrefix("/") && !path.location.hasPrefix("//")
            #expect(isOurs || path.location.lowercased().hasPrefix("https://app.example.com"))
            #expect(path.location.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x5C })
        }
    }

    private func checkRequest(
        _ bytes: [UInt8],
        _ text: String,
        _ other: [UInt8],
        _ seed: UInt64
    ) {
        let header = String(decoding: other, as: UTF8.self)
        for type in [text, "application/json", "application/x-www-form-urlencoded"] {
            let request = Request(
                method: .post,
                path: "/\(text)",
                query: text,
                host: text,
                contentType: type,
                accept: header,
                origin: header,
                secFetchDest: text,
                body: .bytes(other)
            )
            _ = AnswerForm(for: request)
            _ = request.isNavigation
            _ = request.queryValue("next")
            _ = OriginCheck.allows(request)
            do {
                let fields = try Fields(request)
                _ = try? fields.string("username")
                _ = try? fields.flag("remember")
            } catch {
                let problem = Problem(error)
                #expect([400, 413, 415].contains(problem.status), "seed \(seed): \(bytes)")
                #expect(throws: Never.self) { try JSON(parsing: problem.json().body) }
            }
        }
    }
}

/// A seeded source of bytes that look like input: pieces of grammar, joined and damaged.
private struct HostileInput {
    private var state: UInt64

    private static let pieces: [[UInt8]] =
        [
            "{", "}", "[", "]", ":", ",", "\"", "\"a\"", "\"username\":", "null", "true", "-1.5e3",
            "1e999", "\\u", "\\uD800", "\\uDC00", "\\", "/", "//", "..", "/./", "%2e", "%", "%00",
            "%ff", "+", "&", "=", ";", " ", "\t", "\r\n", "\0", "s=", "__Host-session=", "next=",
            "username=", "remember=on", "https://", "app.example.com", "@", "#", "?", "text/html",
            "application/json", "; charset=utf-8", ";q=0.5", "q=", "*/*", "[::1]", ":8443", "null",
            "Firefox/1", "Windows", "é", "\u{212A}",
        ].map { Array($0.utf8) } + [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xEF, 0xBB, 0xBF],
        ]

    init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    private mutating func random(below limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(limit))
    }

    mutating func next() -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<random(below: 24) {
            bytes += Self.pieces[random(below: Self.pieces.count)]
        }
        for _ in 0..<random(below: 3) where !bytes.isEmpty {
            bytes[random(below: bytes.count)] = UInt8(random(below: 256))
        }
        return Array(bytes.prefix(random(below: bytes.count + 1) + random(below: 2) * bytes.count))
    }
}
