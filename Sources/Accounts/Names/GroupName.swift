/// The name of a group.
///
/// Names go to protected sites in one header, separated by commas, and into nginx's variables: so
/// there is nothing in them that separates, quotes or folds.
package struct GroupName: Hashable, Sendable {
    /// The most groups of one account: what fits into a header of 8 KiB with room to spare.
    package static let limit = 64

    /// What is allowed, as a sentence for people.
    package static let rule =
        "The name of a group has 1 to 64 letters from a to z, digits, dots, hyphens and "
        + "underscores, and begins with a letter, a digit or an underscore."

    /// The name.
    package let text: String

    /// Checks a name; `nil` when it breaks the rule.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard (1...64).contains(bytes.count), let first = bytes.first,
            GroupName.isWordCharacter(first),
            bytes.allSatisfy({ byte in
                GroupName.isWordCharacter(byte) || byte == UInt8(ascii: ".")
                    || byte == UInt8(ascii: "-")
            })
        else { return nil }
        self.text = text
    }

    private static func isWordCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
