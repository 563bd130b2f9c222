/// A form in `application/x-www-form-urlencoded`.
///
/// It is read as the URL standard of WHATWG says (section 5.1), but what that standard repairs is
/// an error here: broken percent escapes, bytes that are not UTF-8, NUL, a name that stands there
/// twice (ASVS 15.3.7), more than 64 fields. The first error ends the reading.
package struct Form: Hashable, Sendable {
    /// The most fields; our largest form has five.
    package static let fieldLimit = 64

    private var fields: [Field] = []

    private struct Field: Hashable {
        let name: String
        let value: String
    }

    /// Reads a body.
    ///
    /// - Throws: ``InputError/invalid(_:)`` that names the field.
    package init(parsing body: [UInt8]) throws(InputError) {
        var rest = body[...]
        while !rest.isEmpty {
            let part = rest.prefix { $0 != UInt8(ascii: "&") }
            rest = rest.dropFirst(part.count + 1)
            guard !part.isEmpty else { continue }
            try add(part)
        }
    }

    private mutating func add(_ part: ArraySlice<UInt8>) throws(InputError) {
        let rawName = part.prefix { $0 != UInt8(ascii: "=") }
        let name: String
        do {
            name = try Percent.decode(rawName)
        } catch {
            // The name as it was sent: it cannot be shown decoded.
            throw .invalid(printableASCII(rawName.span), error.message)
        }
        guard fields.count < Self.fieldLimit else {
            throw .invalid(name, "A form has at most \(Self.fieldLimit) fields.")
        }
        guard value(name) == nil else {
            throw .invalid(name, "This field stands there twice.")
        }
        do {
            let value = try Percent.decode(part.dropFirst(rawName.count + 1))
            fields.append(Field(name: name, value: value))
        } catch {
            throw .invalid(name, error.message)
        }
    }

    /// Returns the value of a field; names are compared byte for byte.
    package func value(_ name: String) -> String? {
        fields.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }
}
