/// The name of an account: a username or an email address.
///
/// Two names are the same when their keys are, whatever their case, width or way of composing
/// accents. Characters that look alike in different scripts stay different.
///
/// What a name may hold (checked after NFKC, so nothing forbidden can come out of it):
/// - letters, combining marks and decimal digits of every script, as RFC 8264 section 9.1 has it
///   for identifiers. That leaves out everything invisible or reordering (control, format,
///   bidirectional and zero-width characters, variation selectors), everything that has no
///   meaning (surrogates, private use, unassigned) and symbols, emoji among them, which have
///   several spellings that look the same;
/// - of ASCII's punctuation what RFC 5322 section 3.2.3 lets stand in an address without quotes.
///   That leaves out what delimits headers and lists, `( ) < > [ ] : ; , \ "`. It leaves out `/`
///   as well, since protected sites put names in paths;
/// - `@` only in an email address.
///
/// It begins with a letter, a digit or `_`: not with a mark, which would change the text before
/// it, and not with `-`, `+` or `=`, which command lines and spreadsheets take for something
/// else. Nothing is trimmed: a name that needs it is refused.
///
/// Names go to protected sites in the header `X-Auth-User` as UTF-8, which HTTP carries as opaque
/// bytes (RFC 9110 section 5.5, `obs-text`). A site that wants ASCII uses `X-Auth-Id`.
package struct AccountName: Hashable, Sendable {
    /// The longest name after NFKC, in bytes.
    ///
    /// It is the longest email address that fits a path of RFC 5321 section 4.5.3.1.3 (256 with
    /// its brackets; RFC 3696 erratum 1690). The shortest name is one character: people are
    /// called 李.
    package static let maximumBytes = 254

    /// The name in NFKC, as it is shown.
    package let text: String
    /// The form in which it is compared.
    package let key: NameKey
    /// Whether it is an email address.
    package let isEmailAddress: Bool

    /// Checks and normalises a name.
    package init(_ raw: String) throws(NameError) {
        guard !raw.isEmpty else { throw .empty }
        // NFKC makes one byte of four at most (mathematical letters), so nothing longer can fit.
        guard raw.utf8.count <= 4 * Self.maximumBytes else { throw .tooLong }
        let text = CompatibilityForm.normalised(raw)
        guard text.utf8.count <= Self.maximumBytes else { throw .tooLong }
        try Self.checkCharacters(of: text)
        let hasAt = text.utf8.contains(UInt8(ascii: "@"))
        guard !hasAt || Self.isAddress(text) else { throw .notAnAddress }
        self.text = text
        self.key = NameKey(stored: CompatibilityForm.folded(text))
        self.isEmailAddress = hasAt
    }

    /// Checks and normalises a name that must be an email address.
    init(emailAddress raw: String) throws(NameError) {
        try self.init(raw)
        guard isEmailAddress else { throw .notAnAddress }
    }

    private static func checkCharacters(of text: String) throws(NameError) {
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace { throw .whiteSpace }
            guard isAllowed(scalar) else { throw .forbidden(scalar, atStart: false) }
        }
        if let first = text.unicodeScalars.first, !mayBegin(with: first) {
            throw .forbidden(first, atStart: true)
        }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            return isLetterOrDigit(scalar) || "!#$%&'*+-=?^_`{|}~.@".unicodeScalars.contains(scalar)
        }
        guard let age = scalar.properties.age, age.major <= CompatibilityForm.unicodeVersion,
            !scalar.properties.isDefaultIgnorableCodePoint
        else { return false }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark: return true
        default: return isLetterOrDigit(scalar)
        }
    }

    private static func mayBegin(with scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || isLetterOrDigit(scalar)
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .modifierLetter, .otherLetter, .decimalNumber: true
        default: false
        }
    }

    /// Whether a text is a local part, one `@` and a domain of two labels or more.
    ///
    /// Only a mail that arrives proves an address; this keeps out what cannot be one.
    private static func isAddress(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return false }
        let labels = parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.count >= 2 && labels.allSatisfy(isLabel)
    }

    /// Whether a part of a domain has letters, digits and inner hyphens only (RFC 1035 section
    /// 2.3.1), or characters beyond ASCII; 63 bytes at most (section 2.3.4).
    private static func isLabel(_ label: Substring.UTF8View) -> Bool {
        let hyphen = UInt8(ascii: "-")
        guard (1...63).contains(label.count), label.first != hyphen, label.last != hyphen else {
            return false
        }
        return label.allSatisfy { byte in
            byte == hyphen || byte >= 0x80 || isLetterOrDigit(Unicode.Scalar(byte))
        }
    }
}
