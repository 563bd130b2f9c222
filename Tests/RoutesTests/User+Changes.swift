import Accounts

extension User {
    /// The account in other groups.
    func with(groups: [String]) -> User {
        changed(groups: groups)
    }

    /// The account, shut.
    var disabled: User { changed(isDisabled: true) }

    /// The account by another name, which need not be one that anybody could choose.
    func with(username: String, email: String? = nil) -> User {
        changed(username: username, email: email)
    }

    private func changed(
        username: String? = nil,
        email: String? = nil,
        groups: [String]? = nil,
        isDisabled: Bool? = nil
    ) -> User {
        User(
            id: id,
            username: username ?? self.username,
            email: email ?? self.email,
            groups: groups ?? self.groups,
            isDisabled: isDisabled ?? self.isDisabled,
            createdAt: createdAt
        )
    }
}
