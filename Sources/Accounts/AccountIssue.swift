/// What is wrong with one field of a sign-up.
package struct AccountIssue: Hashable, Sendable {
    /// The field: `username`, `email` or `password`.
    package let field: String
    /// One sentence for the person.
    package let sentence: String

    /// Joins a field with what is wrong with it.
    package init(field: String, sentence: String) {
        self.field = field
        self.sentence = sentence
    }
}
