import Telemetry
import Testing
import coatcheck

/// How a file, the environment and the defaults become the settings in force.
@Suite struct SettingsTests {
    @Test func `keys may be nested or joined by dots, in any mixture`() throws {
        let nested = """
            socket:
              path: /tmp/a.sock
              mode: 0600
            session: {idle: 1h, remember-idle: 2d}
            next:
              hosts:
                - a.example.org
                - b.example.org
            """
        let dotted = """
            socket.path: /tmp/a.sock
            socket.mode: 0600
            session.idle: 1h
            session.remember-idle: 2d
            next.hosts: [a.example.org, b.example.org]
            """
        #expect(try settings(nested).dump == settings(dotted).dump)
        let mixed = "socket.path: /tmp/a.sock\nsocket:\n  mode: 0600\n"
        #expect(try settings(mixed)[.socketMode] == 0o600)
        #expect(try settings(mixed)[.socketPath] == "/tmp/a.sock")
    }

    @Test(
        arguments: [
            "", "\n", "# nothing\n", "---\n", "---\n...\n", "{}", "\u{FEFF}# mark\n", "session: {}",
            "\r\n# a\r\n",
        ]
    )
    func `a file that says nothing leaves the defaults`(text: String) throws {
        let plain = try Settings(file: nil, environment: [:]).dump
        #expect(try settings(text).dump == plain)
    }

    @Test func `the environment goes before the file, and the file before the defaults`() throws {
        let environment = [
            "COATCHECK_WORKERS": "5", "COATCHECK_SESSION_REMEMBER_IDLE": "3d",
            "COATCHECK_NEXT_HOSTS": "a.example.org,b.example.org", "PATH": "/bin",
            "coatcheck_workers": "9", "XCOATCHECK_WORKERS": "9", "COATCHECK": "1",
        ]
        let read = try settings("workers: 7\nlog.level: error", environment: environment)
        #expect(read[.workers] == 5)
        #expect(read[.sessionRememberIdle] == 259_200)
        #expect(read[.nextHosts] == ["a.example.org", "b.example.org"])
        #expect(read[.logLevel] == .error)
        #expect(read[.cookieName] == "session")
    }

    @Test(
        arguments: [
            "worker: 7", "Workers: 7", "socket: x", "socket:\n  paths: x", "session.idle.x: 1h",
            "session.remember.idle: 1h", "session_idle: 1h", "\"workers \": 7", "7: 8", "~: 8",
            "workers:\n  x: 7", "socket.:\n  path: /x", "<<: {workers: 7}",
        ]
    )
    func `an unknown key is refused with the file and the key`(text: String) throws {
        let why = try #require(try refusal(of: text))
        #expect(why.hasPrefix("FILE: there is no setting "))
        #expect(why.contains("coatcheck config example"))
    }

    @Test(arguments: ["COATCHECK_WORKER", "COATCHECK_", "COATCHECK_workers", "COATCHECK_SOCKET"])
    func `an unknown variable is refused with its name`(variable: String) {
        let error = #expect(throws: SettingsError.self) {
            try Settings(file: nil, environment: [variable: "7"])
        }
        #expect(error == .unknownKey(variable, in: "the environment"))
        #expect(error?.description.contains("the environment") == true)
        #expect(error?.description.contains(variable) == true)
    }

    @Test func `a bad value in the environment names the variable, not the value`() throws {
        let error = #expect(throws: SettingsError.self) {
            try Settings(file: nil, environment: ["COATCHECK_WORKERS": "quite-a-few"])
        }
        let text = try #require(error?.description)
        #expect(
            text == "the environment: COATCHECK_WORKERS must be a whole number from 2 to 256"
        )
    }

    @Test(
        arguments: [
            "workers: 7\nworkers: 8", "workers: 7\nworkers: 7",
            "socket.mode: 0660\nsocket:\n  mode: 0660", "socket: {mode: 0660, mode: 0660}",
            "socket:\n  mode: 0660\nsocket:\n  path: /x",
        ]
    )
    func `a key that is given twice is refused with the file and the key`(text: String) throws {
        let why = try #require(try refusal(of: text))
        #expect(why.hasPrefix("FILE: "))
        #expect(why.contains("twice") || why.contains("duplicated"))
        #expect(why.contains("workers") || why.contains("mode") || why.contains("socket"))
    }

    @Test(
        arguments: [
            "- a", "[workers]", "workers", "7", "workers: [", "workers: 7\n\tx: 8", "a: *nothing",
            "workers: {", "--- a\n--- b\n", "next.hosts: [[a]]", "next.hosts: [{a: b}]",
            "? [a]\n: b", "workers: 7\n---\nworkers: 8\n", "%FOO bar", "\u{1}", "workers: \"\\u",
            "\"\": 7",
        ]
    )
    func `what is no settings file is refused and names the file`(text: String) throws {
        let why = try #require(try refusal(of: text))
        #expect(why.hasPrefix("FILE: "))
    }

    @Test func `bytes that are no text, and too many of them, are refused`() throws {
        let hashes = Array(repeating: UInt8(ascii: "#"), count: 1 << 21)
        let files: [[UInt8]] = [
            [0xFF, 0xFE], [0x77, 0x3A, 0x20, 0xC3], hashes, [0x00], Array("workers: 7\0".utf8),
        ]
        for bytes in files {
            try withFile(bytes: bytes) { path in
                let error = #expect(throws: SettingsError.self) {
                    try Settings(file: path, environment: [:])
                }
                #expect(error?.description.hasPrefix("\(path): ") == true)
            }
        }
    }

    @Test(arguments: ["/nonexistent/coatcheck.yaml", "/", ""])
    func `a file that cannot be read is refused and named`(path: String) {
        let error = #expect(throws: SettingsError.self) {
            try Settings(file: path, environment: [:])
        }
        #expect(error == .unreadable(file: path, reason: "the file cannot be read"))
    }

    /// Settings whose dump must be read again as they are.
    private static let texts: [String] = [
        "", "workers: 7\nlog.level: debug", "next.hosts: [a.example.org, \"b.example.org:8443\"]",
        "next.hosts: \"a.example.org,b.example.org\"", "socket.mode: 600", "socket.mode: \"0600\"",
        "cookie.path: \"/a: b #c\"", "cookie.path: \"/a'b\\\"c\\\\d\"", "socket.group: \"-\"",
        "socket.group: \"~\"", "socket.group: \"null\"", "socket.group: \" x \"",
        "socket.group: \"- a\"", "socket.group: \"? a\"", "socket.group: \"---\"",
        "socket.group: \"...\"", "socket.group: \"#a\"", "socket.group: \"&a\"",
        "cookie.name: \"-\"", "cookie.name: \"1e3\"", "cookie.name: \"%41\"", "cookie.name: \"!a\"",
        "storage.path: \"/däta/李😀\"", "storage.path: \"/a\\\"\u{301}b\"",
        "storage.path: \"/a\\\\\u{301}b\"", "storage.path: \"/a\\Lb\\Pc\"",
        "storage.path: \"/a\\uFEFFb\"",
        "storage.path: \"/a\\u200Fb\"", "storage.path: \"/a  b \"",
        "session.absolute: 1h", "session.remember-absolute: 1h",
    ]

    @Test(arguments: texts)
    func `reading a dump gives the same dump`(text: String) throws {
        let first = try settings(text)
        let second = try settings(first.dump)
        #expect(second.dump.utf8.elementsEqual(first.dump.utf8))
        #expect(second[.storagePath].utf8.elementsEqual(first[.storagePath].utf8))
        #expect(second[.socketGroup] == first[.socketGroup])
        #expect(second[.cookieName] == first[.cookieName])
        #expect(second[.cookiePath] == first[.cookiePath])
        #expect(second[.nextHosts] == first[.nextHosts])
    }
}
