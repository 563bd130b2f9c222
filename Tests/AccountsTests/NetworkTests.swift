import Testing

@testable import Accounts

@Suite struct NetworkTests {
    @Test(
        arguments: [
            ("192.0.2.1", [192, 0, 2, 1]),
            ("0.0.0.0", [0, 0, 0, 0]),
            ("255.255.255.255", [255, 255, 255, 255]),
            ("2001:db8:1:2:3:4:5:6", [0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 2]),
            ("2001:db8:1:2::", [0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 2]),
            ("2001:DB8:1:2:ffff:ffff:ffff:ffff", [0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 2]),
            ("2001:db8:1:3::1", [0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 3]),
            ("::1", [0, 0, 0, 0, 0, 0, 0, 0]),
            ("::ffff:192.0.2.1", [192, 0, 2, 1]),  // mapped
            ("::ffff:c000:201", [192, 0, 2, 1]),
            ("0000:0000:0000:0000:0000:ffff:192.168.100.228", [192, 168, 100, 228]),  // longest
            ("64:ff9b::192.0.2.1", [192, 0, 2, 1]),  // translated
            ("64:ff9b:1::192.0.2.1", [0, 0x64, 0xFF, 0x9B, 0, 1, 0, 0]),  // somebody's own prefix
        ] as [(String, [UInt8])]
    )
    func `an IPv4 address counts whole, of an IPv6 address the first 64 bits`(
        address: String,
        bytes: [UInt8]
    ) {
        #expect(Network(address: address).bytes == bytes)
    }

    @Test(arguments: [
        "", "unix:", "unix:/run/nginx.sock", "localhost", "192.0.2", "192.0.2.256", "192.0.2.1.",
        " 192.0.2.1", "192.0.2.1 ", "192.0.2.1\n", "192.0.2.1:80", "0xC0000201", "3221225985",
        "192.0.2.1, 198.51.100.1", "192.0.2.1\u{0}", "192.0.2.1\u{0}198.51.100.1", "\u{0}",
        "[2001:db8::1]", "2001:db8::1/64", "fe80::1%eth0", "2001:db8:::1", "1:2:3:4:5:6:7:8:9",
        "::ffff:192.0.2.256", "１９２.0.2.1", "::1\u{0}",
        String(repeating: "1", count: 46), String(repeating: ":", count: 2000),
    ])
    func `what is no address is one network of its own`(text: String) {
        #expect(Network(address: text).bytes.isEmpty)
    }

    @Test func `networks of different families never count together`() throws {
        let addresses = ["0.0.0.0", "::", "unix:", "::ffff:0.0.0.1", "32.1.13.184", "2001:db8::"]
        let networks = addresses.map(Network.init(address:))
        #expect(Set(networks).count == addresses.count)
        #expect(Set(networks.map(ThrottleKey.network)).count == addresses.count)
    }
}
