/// A password as it was received.
///
/// The bytes are the UTF-8 of the text and nothing is done to them: no trimming, no case change,
/// no truncation and no normalisation, so a password is verified exactly as it was typed (ASVS
/// 6.2.8). NIST SP 800-63B section 3.1.1.2 suggests NFC; keyboards and browsers send NFC already,
/// and hashes imported from other systems were made of the bytes as they came.
///
/// It never prints itself, not even through `dump`.
package struct Password: Sendable {
    /// The UTF-8 of the text.
    let bytes: [UInt8]

    /// Wraps a text without judging it; `PasswordRules` does that.
    package init(_ text: String) {
        self.bytes = Array(text.utf8)
    }

    /// The text, for the rules.
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension Password: CustomStringConvertible, CustomReflectable {
    package var description: String { "<password>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
