internal import CUnistring

/// Unicode's compatibility forms, by libunistring.
///
/// Every valid text has them, so the only failure is that of memory, on which the program stops
/// as Swift's own strings do.
enum CompatibilityForm {
    /// The newest Unicode version that libunistring 1.0 (Debian 12) knows.
    ///
    /// The forms of younger characters could change with an upgrade of the library.
    static let unicodeVersion = 14

    /// Returns the NFKC form: one spelling for characters that differ in looks only, such as
    /// wide, ligated and styled letters.
    static func normalised(_ text: String) -> String {
        let source = Array(text.utf8)
        var length = 0
        let result = unsafe u8_normalize(
            uninorm_form_nfkc(),
            source,
            source.count,
            nil,
            &length
        )
        return unsafe string(of: result, length: length)
    }

    /// Returns the NFKC form with full case folding.
    ///
    /// It is the folding of no particular language, so a name folds alike on every machine: `I`
    /// folds to `i`, while `ı` and `İ` stay apart from it.
    static func folded(_ text: String) -> String {
        let source = Array(text.utf8)
        var length = 0
        let result = unsafe u8_casefold(
            source,
            source.count,
            nil,
            uninorm_form_nfkc(),
            nil,
            &length
        )
        return unsafe string(of: result, length: length)
    }

    /// Makes a string of a result that libunistring allocated, and frees that.
    private static func string(of result: UnsafeMutablePointer<UInt8>?, length: Int) -> String {
        guard let result = unsafe result else {
            preconditionFailure("libunistring is out of memory")
        }
        defer { unsafe free(result) }
        return unsafe String(
            decoding: UnsafeBufferPointer(start: result, count: length),
            as: UTF8.self
        )
    }
}
