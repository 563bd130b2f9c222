import Foundation
import Routes
import Telemetry
import Testing
import coatcheck

/// Settings in files of their own, as systemd passes them.
@Suite struct CredentialTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(environment: [String: String] = [:]) throws -> Settings {
        try Settings(file: nil, credentials: folder.path, environment: environment)
    }

    private func refusal() throws -> String? {
        let error = #expect(throws: SettingsError.self) { try read() }
        return error?.description.replacingOccurrences(of: folder.path, with: "FOLDER")
    }

    @Test func `a credential goes before the file, and the environment before it`() throws {
        try folder.write("5", to: "workers")
        try folder.write("error", to: "log.level")
        try withFile("workers: 7\nlog.level: debug\nsession.per-account: 9") { file in
            let settings = try Settings(
                file: file,
                credentials: folder.path,
                environment: ["COATCHECK_LOG_LEVEL": "notice"]
            )
            #expect(settings[.workers] == 5)
            #expect(settings[.logLevel] == .notice)
            #expect(settings[.sessionPerAccount] == 9)
        }
    }

    @Test func `files of other names belong to somebody else`() throws {
        for name in ["Workers", "workers.txt", "COATCHECK_WORKERS", "tls.key", ".workers"] {
            try folder.write([0xFF, 0x00], to: name)
        }
        #expect(try read().dump == Settings(file: nil, environment: [:]).dump)
        let nowhere = folder.path + "/nowhere"
        let settings = try Settings(file: nil, credentials: nowhere, environment: [:])
        #expect(try settings.dump == read().dump)
    }

    @Test(arguments: ["https://example.org", "https://example.org\n", "https://example.org\r\n"])
    func `one line end behind the value is none of it`(text: String) throws {
        try folder.write(text, to: "site.url")
        #expect(try read()[.siteURL] == "https://example.org")
    }

    @Test func `lists and policies can be credentials, written as in the environment`() throws {
        try folder.write("a.example.org,b.example.org\n", to: "next.hosts")
        try folder.write("editors:\n  groups: [staff]\n  max-age: 10m\n", to: "policies")
        let settings = try read()
        #expect(settings[.nextHosts] == ["a.example.org", "b.example.org"])
        let policy = try #require(settings[.policies].custom["editors"])
        #expect(policy.groups == ["staff"] && policy.maxAge == 600)
    }

    @Test(
        arguments: [
            ("workers", "x", "a whole number from 2 to 256"),
            ("workers", "", "a whole number from 2 to 256"),
            ("workers", "7\n\n", "a whole number from 2 to 256"),
            ("workers", " 7", "a whole number from 2 to 256"),
            ("workers", "7\r\n\r\n", "a whole number from 2 to 256"),
            ("session.idle", "8", "a time such as 90s, 10m, 8h or 30d, from 1s to 400d"),
            ("cookie.secure", "yes", "true or false"),
        ]
    )
    func `a value that is not allowed is refused with the folder and the key, not the value`(
        key: String,
        text: String,
        allowed: String
    ) throws {
        try folder.write(text, to: key)
        #expect(try refusal() == "FOLDER: \(key) must be \(allowed)")
    }

    @Test(arguments: ["{", "a: [", "- x\n- [y]", "{a: {b: {c: {d: {e: f}}}}}", "a: 1\na: 2"])
    func `policies that are no YAML are refused with the folder, and not as the environment's`(
        text: String
    ) throws {
        try folder.write(text, to: "policies")
        let why = try #require(try refusal())
        #expect(why.hasPrefix("FOLDER: ") && why.contains("policies"))
        let error = #expect(throws: SettingsError.self) {
            try Settings(file: nil, environment: ["COATCHECK_POLICIES": text])
        }
        #expect(error?.description.hasPrefix("the environment: ") == true)
    }

    @Test func `bytes that are no text, and too many of them, are refused`() throws {
        let sevens = Array(repeating: UInt8(ascii: "7"), count: 65_537)
        for bytes: [UInt8] in [[0xFF, 0xFE], [0x37, 0xC3], sevens] {
            try folder.write(bytes, to: "workers")
            #expect(try refusal() == "FOLDER/workers: not a readable text in UTF-8")
        }
    }

    @Test func `a folder in the place of a file is refused`() throws {
        let path = folder.path + "/workers"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(try refusal() == "FOLDER/workers: not a readable text in UTF-8")
    }
}
