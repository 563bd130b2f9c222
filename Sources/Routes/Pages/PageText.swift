internal import Mustache

/// How text is escaped when it is put into a page.
///
/// swift-mustache escapes character by character, and to Swift a quotation mark followed by a
/// combining mark is one character, another than the quotation mark, which would pass as it is.
/// A browser reads code points. So this looks at bytes: the five that have a meaning in HTML are
/// replaced wherever they stand (ASVS 1.2.1).
///
/// The layout asks for it by name, and every page is made with the layout.
struct PageText: MustacheContentType {
    /// The name by which the layout asks for it.
    static let name = "PAGE"

    func escapeText(_ text: String) -> String {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"): escaped += "&lt;".utf8
            case UInt8(ascii: ">"): escaped += "&gt;".utf8
            case UInt8(ascii: "&"): escaped += "&amp;".utf8
            case UInt8(ascii: "\""): escaped += "&quot;".utf8
            case UInt8(ascii: "'"): escaped += "&#39;".utf8
            default: escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
