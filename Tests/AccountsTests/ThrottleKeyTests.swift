import Sessions
import Testing

@testable import Accounts

@Suite struct ThrottleKeyTests {
    private static let network = Network(address: "192.0.2.1")

    @Test(arguments: [
        ("Ada", "ada", true),
        ("Straße", "STRASSE", true),
        ("Ａｄａ", "ada", true),
        ("ADA@example.org", "ada@EXAMPLE.ORG", true),
        ("ada", "adb", false),
        ("ada ", "ada", false),  // malformed: no account has it
        ("ada ", "ada ", true),
        ("\u{0}", "\u{0}\u{0}", false),
        ("", " ", false),
    ])
    func `spellings of one name count together`(one: String, other: String, isSame: Bool) {
        #expect((ThrottleKey.name(one) == .name(other)) == isSame)
    }

    @Test(arguments: [
        "ada", "", " ", "\u{0}", "a\r\nb", "\u{202E}nimda", "not@an@address", "🎩",
        String(repeating: "a", count: 254), String(repeating: "a", count: 255),
        String(repeating: "é", count: 2000),
    ])
    func `ASVS 6.3.8: a name has the same shape of key whatever it is`(name: String) {
        let key = ThrottleKey.name(name)
        #expect(key.scope == .account)
        #expect(key.bytes.count == ThrottleKey.name("x").bytes.count)
        #expect(ThrottleKey(scope: key.scope.rawValue, bytes: key.bytes) == key)
    }

    @Test func `of a malformed name at most 1024 bytes count`() {
        let long = String(repeating: "é", count: 512)
        #expect(ThrottleKey.name(long + "x") == .name(long + "y"))
        #expect(ThrottleKey.name(long) != .name(String(long.dropLast())))
    }

    @Test func `keys of different kinds are different, whatever they are made of`() throws {
        let id = PublicID.random()
        let token = try #require(TokenDigest(bytes: id.bytes + id.bytes))
        let keys: [ThrottleKey] = [
            .name(id.text), .device(token), .holder(id),
            .network(Self.network), .signUp(Self.network), .network(Network(address: "unix:")),
        ]
        #expect(Set(keys).count == keys.count)
        #expect(Set(keys.map(\.bytes)).count == keys.count)
    }

    @Test func `the stored form of every kind is read back, and nothing else is`() throws {
        let bytes = ThrottleKey.name("ada").bytes
        for scope in ThrottleKey.Scope.allCases {
            let key = try #require(ThrottleKey(scope: scope.rawValue, bytes: bytes))
            #expect(key.scope == scope && key.bytes == bytes)
        }
        for scope in [Int.min, -1, 0, 6, Int.max] {
            #expect(ThrottleKey(scope: scope, bytes: bytes) == nil)
        }
        for count in [0, 15, 17, 32] {
            #expect(ThrottleKey(scope: 1, bytes: [UInt8](repeating: 7, count: count)) == nil)
        }
    }

    @Test func `the numbers of the kinds, which storage holds, stay`() {
        let numbers = ThrottleKey.Scope.allCases.map { ("\($0)", $0.rawValue) }
        #expect(numbers.map(\.0) == ["account", "device", "network", "signUp", "holder"])
        #expect(numbers.map(\.1) == [1, 2, 3, 4, 5])
    }

    @Test func `a key prints neither the name nor its digest`() async {
        let name = "kJ8#mP2x"
        let key = ThrottleKey.name(name)
        let entry = ThrottleEntry(key: key, failures: 3, lastTryAt: Timestamp(seconds: 5))
        var dumped = ""
        dump([key], to: &dumped)
        dump(entry, to: &dumped)
        let texts = [
            "\(key)", String(reflecting: key), "\(entry)", String(reflecting: [key: entry]), dumped,
        ]
        let words = unsafe key.bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: UInt64.self) }
        for text in texts {
            #expect(text.contains("<throttle key: account>"))
            #expect(!text.contains("kJ8") && !text.contains("\(words)"))
        }
    }
}
