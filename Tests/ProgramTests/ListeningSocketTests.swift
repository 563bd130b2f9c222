import Testing

@testable import coatcheck

/// Whether somebody listens on a socket, as /proc/net/unix tells.
@Suite struct ListeningSocketTests {
    private static let table = """
        Num       RefCount Protocol Flags    Type St Inode Path
        ffff9b8a: 00000002 00000000 00010000 0001 01 24913 /run/coatcheck/fcgi.sock
        ffff9b8b: 00000003 00000000 00000000 0001 03 24914 /run/connected.sock
        ffff9b8c: 00000002 00000000 00010000 0001 01 24915 /run/a folder/s.sock
        ffff9b8d: 00000002 00000000 00010000 0001 01 24916
        """

    @Test(arguments: ["/run/coatcheck/fcgi.sock", "/run/a folder/s.sock"])
    func `a socket that accepts connections is found`(path: String) {
        #expect(ListeningSocket.isListed(path, in: Self.table))
    }

    @Test(arguments: ["/run/connected.sock", "/run/coatcheck", "fcgi.sock", "24916", ""])
    func `others are not`(path: String) {
        #expect(!ListeningSocket.isListed(path, in: Self.table))
    }
}
