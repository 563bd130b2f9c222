/// A media type with its parameters, for example `application/json; charset=utf-8`.
package struct MediaType: Hashable, Sendable {
    /// Type and subtype in lower case, for example "text/html".
    package let essence: String
    /// The parameters by their names in lower case; values are kept as they were written.
    package let parameters: [String: String]

    /// The form type, `application/x-www-form-urlencoded`.
    package static let form = "application/x-www-form-urlencoded"
    /// The JSON type, `application/json`.
    package static let json = "application/json"

    /// Reads the header `Content-Type`; `nil` when it is not one media type.
    ///
    /// A parameter that stands there twice makes it `nil`, whether or not the values agree: two
    /// readers could take two meanings from it (ASVS 15.3.7).
    package init?(_ text: String) {
        var scanner = FieldScanner(text)
        scanner.skipSpace()
        self.init(&scanner)
        scanner.skipSpace()
        guard scanner.isAtEnd else { return nil }
    }

    /// Reads one media type or media range and stops behind it.
    init?(_ scanner: inout FieldScanner) {
        guard let type = scanner.token(), scanner.skip("/"), let subtype = scanner.token() else {
            return nil
        }
        essence = "\(type)/\(subtype)".lowercased()
        var parameters: [String: String] = [:]
        while true {
            scanner.skipSpace()
            guard scanner.skip(";") else { break }
            scanner.skipSpace()
            // RFC 9110 section 5.6.6 lets a parameter be empty: "text/html;".
            guard let name = scanner.token()?.lowercased() else { continue }
            guard scanner.skip("="), let value = scanner.token() ?? scanner.quotedString(),
                parameters.updateValue(value, forKey: name) == nil
            else { return nil }
        }
        self.parameters = parameters
    }

    /// Says whether no other character set than UTF-8 is named.
    package var isUTF8: Bool {
        parameters["charset"].map { $0.lowercased() == "utf-8" } ?? true
    }
}
