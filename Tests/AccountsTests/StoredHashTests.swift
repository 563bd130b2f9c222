import Testing

@testable import Accounts

/// Hashes of other systems: which are compared, which are refused and why.
@Suite(.timeLimit(.minutes(10))) struct StoredHashTests {
    private let hasher = PasswordHasher(
        cost: HashingCost(memoryKiB: 64, passes: 1),
        lanes: 1,
        capacity: 2
    )

    @Test(arguments: [
        // Openwall's crypt_blowfish.
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        // httpd, "Password Formats".
        ("myPassword", "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC"),
        ("myPassword", "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/"),
        ("myPassword", "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE="),
        // "Unix crypt using SHA-256 and SHA-512", and openssl passwd -1.
        ("Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
        (
            "Hello world!",
            "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"
        ),
        (
            "Hello world!",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYE"
                + "dFCoEOfaS35inz1"
        ),
        (
            "Hello world!",
            "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM"
                + "0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v."
        ),
        ("password", "$1$saltstri$qQY4WxjABChYG1ccLpfkz/"),
        // The reference implementation of Argon2.
        (
            "password",
            "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"
        ),
        // RFC 7914 section 12, and the documentation of passlib.
        (
            "password",
            "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKj"
                + "iG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA"
        ),
        (
            "password",
            "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"
        ),
        // RFC 7914 section 11, and made by OpenSSL.
        (
            "passwd",
            "$pbkdf2-sha256$i=1,l=64$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZ"
                + "LOdd+8xfHG4RbHjC9UJESBB06GXgw"
        ),
        (
            "password",
            "$pbkdf2-sha256$i=1000$c2FsdHNhbHRzYWx0c2FsdA$8nX7hwFEzIB8aPajJTYK8weHQc5Ngz0pFVAKvSu4jQA"
        ),
        (
            "password",
            "$pbkdf2-sha512$25000$yMnKy8zNzs/Q0dLT1NXW1w$bLdZqRYmyd7dZrL8pBX1uxyIDv3MeoDOIFTwq7mOk"
                + "7EKNUDCYvFBN.6PyuLjh1chtqM.I9Uhv9gVgBd3m3G08g"
        ),
    ])
    func `ASVS 11.4.2: a published hash is compared, and is replaced when it matches`(
        password: String,
        text: String
    ) async throws {
        let hash = PasswordHash(text: text)
        #expect(hash.refusal == nil)
        let right = try await hasher.verify(Password(password), against: hash)
        #expect(right == .match(needsRehash: true))
        for wrong in [password + "x", String(password.dropLast()), " " + password, ""] {
            #expect(try await hasher.verify(Password(wrong), against: hash) == .mismatch)
        }
    }

    @Test(arguments: [
        "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC",
        "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=",
        "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    ])
    func `a password with a zero byte, or of 1024 bytes, matches no C string`(
        text: String
    ) async throws {
        let hash = PasswordHash(text: text)
        let long = String(repeating: "x", count: 1024)
        for password in ["myPassword\0", "Hello world!\0x", "\0", long] {
            #expect(try await hasher.verify(Password(password), against: hash) == .mismatch)
        }
    }

    @Test(arguments: [
        "$2y$15$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC",
        "$2y$31$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC",
        "$5$rounds=2000001$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
        "$5$rounds=999999999$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
        "$argon2id$v=19$m=131073,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$yrdGtGIZk/3JHsUHh5gLQUqQppLwvGjf",
        "$argon2id$v=19$m=4294967295,t=4294967295,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu",
        "$argon2i$v=19$m=64,t=21,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf",
        "$scrypt$ln=18,r=8,p=1$TmFDbA$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=17,r=8,p=2$TmFDbA$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=63,r=9999999999,p=9999999999$TmFDbA$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$pbkdf2-sha256$i=2000001$c2FsdHNhbHRzYWx0c2FsdA$8nX7hwFEzIB8aPajJTYK8weHQc5Ngz0pFVAKvSu4jQA",
        "$pbkdf2-sha512$9999999999$c2FsdA$8nX7hwFEzIB8aPajJTYK8weHQc5Ngz0pFVAKvSu4jQA",
    ])
    func `ASVS 15.1.3: a hash of an absurd cost is refused and never computed`(
        text: String
    ) async throws {
        let hash = PasswordHash(text: text)
        guard case .tooCostly(_, let limit) = try #require(hash.refusal) else {
            Issue.record("\(text): \(String(describing: hash.refusal))")
            return
        }
        #expect(try #require(hash.refusal).sentence.contains(limit))
        // Computed, most of them would take more time than the suite has.
        #expect(try await hasher.verify(Password("password"), against: hash) == .mismatch)
    }

    @Test(arguments: [
        "$2y$03$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC",
        "$2y$5$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC",
        "$2y$00$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC",
        "$2y$+5$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC",
        "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRq",
        "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC\n",
        "$2y$05$c4WoMPo3SXsafkva:HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC", "$2y$05$", "$2y", "$2b$",
        "$5$$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "$5$saltstring$5B8vYYiY",
        "$5$rounds=999$salt$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        "$5$rounds=010000$salt$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        "$5$rounds=$salt$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        "$5$saltstringsaltst1$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        "$6$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "$6$", "$1$", "$1$$x",
        "$1$saltstring$qQY4WxjABChYG1ccLpfkz/", "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA", "$apr1$$",
        "$apr1$r31......$HqJZimcKQFAMYayBlzkrA/", "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE", "{SHA}",
        "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKN==", "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNF=",
        "$argon2id$v=16$m=64,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu", "$argon2i$",
        "$scrypt$ln=10,r=8$TmFDbA$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E", "$scrypt$",
        "$scrypt$ln=0,r=8,p=1$TmFDbA$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=10,r=8,,p=1$TmFDbA$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=10,r=8,p=1$$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=10,r=8,p=1$TmFDbA$nFNh", "$pbkdf2-sha256$", "$pbkdf2-sha512$i=1$$",
        "$pbkdf2-sha256$i=0$c2FsdA$8nX7hwFEzIB8aPajJTYK8weHQc5Ngz0pFVAKvSu4jQA",
        "$pbkdf2-sha256$i=10,l=31$c2FsdA$8nX7hwFEzIB8aPajJTYK8weHQc5Ngz0pFVAKvSu4jQA",
        "$pbkdf2-sha256$10,l=32$c2FsdA$8nX7hwFEzIB8aPajJTYK8weHQc5Ngz0pFVAKvSu4jQA",
        "$pbkdf2-sha256$10$c2FsdA$8nX7hwFEzIB8aPaj+TYK8weHQc5Ngz0pFVAKvSu4jQA",
        "$pbkdf2-sha256$i=10$c2FsdA$8nX7hwFEzIB8aPaj.TYK8weHQc5Ngz0pFVAKvSu4jQA",
    ])
    func `a hash that is damaged is refused with its format's name`(text: String) async throws {
        let hash = PasswordHash(text: text)
        guard case .malformed(let format) = try #require(hash.refusal) else {
            Issue.record("\(text): \(String(describing: hash.refusal))")
            return
        }
        #expect(try #require(hash.refusal).sentence.contains(format))
        #expect(try await hasher.verify(Password(""), against: hash) == .mismatch)
    }

    @Test(arguments: [
        "", "!", "*", "x", "2CleVO/m80E1s", "myPassword", "{SSHA}abcd", "{PLAIN}x", "$y$j9T$x$y",
        "$7$CU..../....x$y", "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2$05$x", "$argon2d$v=19$m=64,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu",
        "$pbkdf2-sha1$1000$c2FsdA$x", "$apr2$r31.....$HqJZimcKQFAMYayBlzkrA/", "{sha}", "$$$$",
        "$2y\0$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC", "\u{fe0f}$2y$05$",
        "$2y$05$" + String(repeating: "a", count: 2000), String(repeating: "$", count: 256),
    ])
    func `anything else is of no known format`(text: String) async throws {
        let hash = PasswordHash(text: text)
        #expect(hash.refusal == .unknownFormat)
        for password in ["", text, "myPassword"] {
            #expect(try await hasher.verify(Password(password), against: hash) == .mismatch)
        }
    }

    @Test func `ASVS 16.2.5: a refusal shows nothing of the hash`() {
        let digest = "c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC"
        for text in ["$2y$31$\(digest)", "$2y$05$\(digest)x", "$9$\(digest)", digest] {
            let sentence = PasswordHash(text: text).refusal?.sentence ?? ""
            #expect(!sentence.isEmpty && !sentence.contains(digest.prefix(8)))
        }
    }
}
