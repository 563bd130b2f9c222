/// The form of an account name in which names are compared: NFKC and case folding.
package struct NameKey: Hashable, Sendable {
    /// The normalised, folded text.
    package let text: String

    /// Reads a key back from storage, where only keys made by `AccountName` were put.
    package init(stored text: String) {
        self.text = text
    }
}
