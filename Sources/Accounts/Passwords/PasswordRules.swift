/// What a new password must be like.
///
/// Length and unlikeliness count; there are no rules about kinds of characters (ASVS 6.2.5), and
/// everything that can be typed is welcome, spaces and every script included.
package struct PasswordRules: Sendable {
    /// The longest password, in bytes of UTF-8.
    ///
    /// ASVS 6.2.9 asks for 64 characters at least; 1024 bytes hold any passphrase, and keep small
    /// what is hashed and judged.
    package static let maximumBytes = 1024

    /// The default of `minimumLength` (ASVS 6.2.1).
    package static let defaultMinimumLength = 8

    /// The words of this program that make no password (ASVS 6.1.2 and 6.2.11).
    static let contextWords = ["coatcheck"]

    /// The shortest password, in code points (NIST SP 800-63B section 3.1.1.2 counts those).
    package let minimumLength: Int

    /// Sets the shortest password.
    package init(minimumLength: Int = Self.defaultMinimumLength) {
        self.minimumLength = minimumLength
    }

    /// Returns why a password is refused for a person with these names; `nil` when it is good.
    package func issue(with password: Password, names: [AccountName]) -> PasswordIssue? {
        // crypt(3) and zxcvbn end at a null byte: what comes after it would count for nothing.
        if password.bytes.contains(0) { return .containsNull }
        if password.bytes.count > Self.maximumBytes { return .tooLong }
        let text = password.text
        if text.unicodeScalars.count < minimumLength { return .tooShort(minimum: minimumLength) }
        // Judged without regard to case and width, and so on the careful side.
        let folded = CompatibilityForm.folded(text)
        let common = CommonPasswords.all
        if GuessEstimate.isEasy(folded, knowing: common) { return .common }
        let personal = Self.contextWords + names.flatMap(Self.words)
        if GuessEstimate.isEasy(folded, knowing: personal + common) { return .personal }
        return nil
    }

    /// Returns a name and its parts: `jane.doe@example.org` gives itself, `jane`, `doe`,
    /// `example` and `org`.
    private static func words(of name: AccountName) -> [String] {
        let key = name.key.text
        let parts = key.unicodeScalars.split { $0.isASCII && !$0.properties.isAlphabetic }
        return [key] + parts.filter { $0.count > 2 }.map { String($0) }
    }
}
