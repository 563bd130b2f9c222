internal import Accounts
internal import ArgumentParser
internal import Sessions
internal import Telemetry

extension UserCommand {
    /// `coatcheck user add`: makes an account.
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an account.",
            discussion: """
                The password is asked for, or read from standard input. With --link the account \
                has none, and a link is printed by which its owner sets one.
                """
        )

        @OptionGroup var options: SettingsOptions
        @Argument(help: "The name, which may be an email address.") var name: String
        @Option(help: "The email address.") var email: String?
        @Option(name: .customLong("group"), help: "A group, for instance admin; may be repeated.")
        var groups: [String] = []
        @Flag(help: "Print a link for setting the password.") var link = false

        func run() throws {
            let settings = try options.loadForCommands()
            let groups = try groups.map(UserCommand.group)
            let password = link ? nil : try PasswordPrompt.newPassword()
            try LiveStore.use(settings) { [name, email] store in
                let (user, secret) = try await create(store, name, email, groups, password)
                try await store.note([
                    .userCreated(user: user.id.text, by: store.caller, from: store.origin)
                ])
                print("Made the account \(user.username) (\(user.id.text)).")
                if let secret { try await UserCommand.printLink(secret, for: user, store) }
            }
        }

        private func create(
            _ store: LiveStore,
            _ name: String,
            _ email: String?,
            _ groups: [GroupName],
            _ password: String?
        ) async throws -> (User, Ticket?) {
            do throws(SignUpError) {
                guard let password else {
                    return try await store.accounts.createWithLink(
                        username: name,
                        email: email,
                        groups: groups
                    )
                }
                let user = try await store.accounts.create(
                    username: name,
                    email: email,
                    groups: groups,
                    password: password
                )
                return (user, nil)
            } catch {
                switch error {
                case .invalid(let issues):
                    throw Failure(
                        issues.map { "\($0.field): \($0.sentence)" }.joined(separator: "\n")
                    )
                case .taken: throw Failure("this name or email address is taken")
                case .throttled, .busy: throw Failure("the password could not be hashed")
                case .storage(let error): throw Failure("storage: \(error.reason)")
                }
            }
        }
    }

    /// Reads the name of a group.
    static func group(_ text: String) throws -> GroupName {
        guard let group = GroupName(text) else {
            throw Failure("\(text) is no name of a group. \(GroupName.rule)")
        }
        return group
    }

    /// Makes a link for setting a password and prints it.
    static func printLink(for user: User, _ store: LiveStore) async throws {
        let secret = try await store.accounts.makeLink(for: user.id)
        try await printLink(secret, for: user, store)
    }

    /// Prints a link that was made.
    static func printLink(_ secret: Ticket, for user: User, _ store: LiveStore) async throws {
        try await store.note([
            .passwordLinkMade(user: user.id.text, by: store.caller, from: store.origin)
        ])
        let address = store.settings[.siteURL]
        print("Set the password, once, until the link is too old, at:")
        print("\(address)/set-password?token=\(secret.text)")
        if address.isEmpty {
            print("(below the address of your site; the setting site.url puts it here)")
        }
    }
}
