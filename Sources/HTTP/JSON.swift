/// A JSON value (RFC 8259) that keeps the order of its members.
package enum JSON: Hashable, Sendable {
    /// The value null.
    case null
    /// True or false.
    case bool(Bool)
    /// A number; whole numbers are exact up to 2^53.
    case number(Double)
    /// A text.
    case string(String)
    /// Values in their order.
    case array([JSON])
    /// Members in their order.
    case object([JSONMember])

    /// A string, or null in the place of `nil`.
    package init(_ text: String?) {
        self = text.map { .string($0) } ?? .null
    }

    /// The value of an object's member; `nil` when it is absent or this is no object.
    ///
    /// Names are compared byte for byte, not by canonical equivalence as `String` does it.
    package subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }
}

/// A member of a JSON object.
package struct JSONMember: Hashable, Sendable {
    /// The member's name.
    package let name: String
    /// The member's value.
    package let value: JSON

    /// Joins a name with its value.
    package init(name: String, value: JSON) {
        self.name = name
        self.value = value
    }
}

extension JSON: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) { self = .string(value) }
}

extension JSON: ExpressibleByBooleanLiteral {
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSON: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int) { self = .number(Double(value)) }
}

extension JSON: ExpressibleByFloatLiteral {
    package init(floatLiteral value: Double) { self = .number(value) }
}

extension JSON: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
}

extension JSON: ExpressibleByDictionaryLiteral {
    /// Keeps the members in the order in which they are written.
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { JSONMember(name: $0.0, value: $0.1) })
    }
}
