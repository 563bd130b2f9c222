internal import Sessions

/// What somebody who signs up wants to be called.
struct Application {
    /// The username, where there is a good one.
    private(set) var username: AccountName?
    /// The email address, where there is a good one.
    private(set) var email: AccountName?
    /// What is wrong with the fields.
    private(set) var issues: [AccountIssue] = []

    /// Reads the two fields of the form, one of which may be missing or empty.
    init(username: String?, email: String?) {
        let typedName = username ?? ""
        let typedAddress = email ?? ""
        if !typedName.isEmpty || typedAddress.isEmpty {
            do throws(NameError) {
                self.username = try AccountName(typedName)
            } catch {
                issues.append(AccountIssue(field: "username", sentence: error.sentence))
            }
        }
        if !typedAddress.isEmpty {
            do throws(NameError) {
                self.email = try AccountName(emailAddress: typedAddress)
            } catch {
                issues.append(AccountIssue(field: "email", sentence: error.sentence))
            }
        }
        if typedName.isEmpty { self.username = self.email }
        if typedAddress.isEmpty, let name = self.username, name.isEmailAddress { self.email = name }
    }

    /// The names, without those that are not good.
    var names: [AccountName] { [username, email].compactMap { $0 } }

    /// The account that is made of it, under a new id.
    func account(
        named name: AccountName,
        groups: [String],
        _ hash: PasswordHash,
        isDisabled: Bool = false,
        at now: Timestamp
    ) -> NewAccount {
        let user = User(
            id: .random(),
            username: name.text,
            email: email?.text,
            groups: groups,
            isDisabled: isDisabled,
            createdAt: now
        )
        return NewAccount(
            user: user,
            passwordHash: hash,
            nameKey: name.key,
            emailKey: email?.key
        )
    }
}
