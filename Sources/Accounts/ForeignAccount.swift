package import Sessions

/// An account as another system describes it.
package struct ForeignAccount: Sendable {
    /// The name, which may be an email address.
    package var username: String?
    /// The email address.
    package var email: String?
    /// The hash of the password; without one the account waits for a link.
    package var passwordHash: PasswordHash?
    /// The groups.
    package var groups: [String] = []
    /// Whether the account is shut.
    package var isDisabled = false

    /// Describes nobody yet.
    package init() {}

    /// The account that is made of it, under a new id.
    ///
    /// - Throws: what is wrong, a sentence for each thing; nothing of the hash is in it.
    package func account(at now: Timestamp) throws(ForeignAccountError) -> NewAccount {
        let application = Application(username: username, email: email)
        var sentences = application.issues.map(\.sentence)
        if let refusal = passwordHash?.refusal { sentences.append(refusal.sentence) }
        if groups.contains(where: { GroupName($0) == nil }) { sentences.append(GroupName.rule) }
        let distinct = Set(groups)
        if distinct.count > GroupName.limit {
            sentences.append("An account has at most \(GroupName.limit) groups.")
        }
        guard sentences.isEmpty, let name = application.username else {
            throw ForeignAccountError(sentences: sentences)
        }
        return application.account(
            named: name,
            groups: distinct.sorted(),
            passwordHash ?? .none,
            isDisabled: isDisabled,
            at: now
        )
    }
}

/// What keeps an account of another system from being taken over.
package struct ForeignAccountError: Error, Hashable, Sendable {
    /// One sentence for each thing that is wrong.
    package let sentences: [String]
}
