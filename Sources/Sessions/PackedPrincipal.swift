/// The person behind a session, as a check needs it: the texts one behind the other.
///
/// First the username, then the email address where it is another text, then the groups with U+001F
/// between them, which no group's name holds. Up to 64 bytes, which is nearly always, they lie in
/// the value itself, so that a check allocates nothing for them.
package struct PackedPrincipal: Sendable {
    /// Which account it is.
    package let id: PublicID
    /// The length of the username, in bytes.
    let usernameCount: Int
    /// The length of the email address in bytes, `noEmail`, or `sameEmail`.
    let emailField: Int
    /// The length of the groups, in bytes.
    let groupsCount: Int
    /// The texts where they are short, eight bytes to a word, the first lowest.
    private var short = InlineArray<8, UInt64>(repeating: 0)
    /// The texts where they are long.
    private var long: [UInt8] = []

    /// There is no email address.
    private static let noEmail = -1
    /// The email address is the username.
    private static let sameEmail = -2
    /// What stands between two groups.
    private static let separator: UInt8 = 0x1F

    /// Packs the description of a person.
    init(_ principal: Principal) {
        id = principal.id
        var text = Array(principal.username.utf8)
        usernameCount = text.count
        if let email = principal.email, email.utf8.elementsEqual(principal.username.utf8) {
            emailField = PackedPrincipal.sameEmail
        } else if let email = principal.email {
            text += email.utf8
            emailField = text.count - usernameCount
        } else {
            emailField = PackedPrincipal.noEmail
        }
        let start = text.count
        text += principal.groups.map { Array($0.utf8) }.joined(separator: [Self.separator])
        groupsCount = text.count - start
        guard text.count <= 64 else {
            long = text
            return
        }
        for (index, byte) in text.enumerated() {
            short[index / 8] |= UInt64(byte) << UInt64(index % 8 * 8)
        }
    }

    /// Takes a person from the words that `word(at:)` gave.
    init(
        id: PublicID,
        usernameCount: Int,
        emailField: Int,
        groupsCount: Int,
        _ word: (Int) -> UInt64
    ) {
        self.id = id
        self.usernameCount = usernameCount
        self.emailField = emailField
        self.groupsCount = groupsCount
        guard textCount > 64 else {
            for index in 0..<wordCount { short[index] = word(index) }
            return
        }
        for index in 0..<wordCount {
            unsafe withUnsafeBytes(of: word(index).littleEndian) {
                unsafe long.append(contentsOf: $0)
            }
        }
        long.removeLast(long.count - textCount)
    }

    /// The length of all texts, in bytes.
    private var textCount: Int {
        usernameCount + groupsCount + max(0, emailField)
    }

    /// How many words the texts fill.
    var wordCount: Int { (textCount + 7) / 8 }

    /// Eight bytes of the texts, the first lowest; the last word is filled up with zeros.
    func word(at index: Int) -> UInt64 {
        guard textCount > 64 else { return short[index] }
        let bytes = long[index * 8..<min(index * 8 + 8, long.count)]
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Calls `body` with the texts in UTF-8.
    private func withText(_ body: (RawSpan) -> Void) {
        if textCount > 64 {
            unsafe body(long.span.bytes)
        } else {
            unsafe body(short.span.bytes.extracting(0..<textCount))
        }
    }

    /// Calls `body` with the username, in UTF-8.
    package func withUsername(_ body: (RawSpan) -> Void) {
        withText { body($0.extracting(0..<usernameCount)) }
    }

    private func bytes(_ range: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        withText { text in
            unsafe text.extracting(range).withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// The groups in UTF-8 with a byte between two of them.
    package func groups(joinedBy separator: UInt8) -> [UInt8] {
        guard groupsCount > 0 else { return [] }
        return bytes(textCount - groupsCount..<textCount)
            .map { $0 == PackedPrincipal.separator ? separator : $0 }
    }

    /// The groups, each in UTF-8.
    private var groups: [ArraySlice<UInt8>] {
        bytes(textCount - groupsCount..<textCount).split(separator: PackedPrincipal.separator)
    }

    /// The person, unpacked.
    package var principal: Principal {
        let username = String(decoding: bytes(0..<usernameCount), as: UTF8.self)
        let email: String? =
            switch emailField {
            case PackedPrincipal.noEmail: nil
            case PackedPrincipal.sameEmail: username
            default:
                String(
                    decoding: bytes(usernameCount..<usernameCount + emailField),
                    as: UTF8.self
                )
            }
        return Principal(
            id: id,
            username: username,
            email: email,
            groups: groups.map { String(decoding: $0, as: UTF8.self) }
        )
    }

    /// Whether the person is in any of these groups, each given in UTF-8.
    package func isInAny(of wanted: [[UInt8]]) -> Bool {
        groups.contains { group in wanted.contains { $0.elementsEqual(group) } }
    }
}
