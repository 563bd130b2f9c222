internal import Accounts
internal import ArgumentParser
internal import Sessions
internal import Telemetry

/// Which account a command is about.
struct Subject: ParsableArguments {
    @OptionGroup var options: SettingsOptions
    @Argument(help: "The name, email address or id.") var who: String

    /// Opens the store and does something to the account.
    func act(_ action: @escaping @Sendable (LiveStore, User) async throws -> Void) throws {
        let settings = try options.loadForCommands()
        try LiveStore.use(settings) { [who] store in
            let user = try await store.user(who)
            do {
                try await action(store, user)
            } catch let error as StorageError {
                throw Failure(explanation(of: error))
            }
        }
    }

    private func explanation(of error: StorageError) -> String {
        switch error {
        case .unknownUser: "the account is gone"
        case .lastAdministrator:
            "nobody would be left in the group admin who can log in; --force does it all the same"
        case .conflict, .duplicate, .mandateEnded, .unavailable: "storage: \(error.reason)"
        }
    }
}

extension UserCommand {
    /// `coatcheck user passwd`: sets a password.
    struct Passwd: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set a password; every session of the account ends."
        )

        @OptionGroup var subject: Subject

        func run() throws {
            let password = try PasswordPrompt.newPassword()
            try subject.act { store, user in
                do throws(PasswordChangeError) {
                    let change = try await store.accounts.setPassword(of: user, to: password)
                    print("Set the password of \(user.username).")
                    try? await store.note([
                        .passwordChanged(
                            user: user.id.text,
                            endedSessions: change.ended.count,
                            by: store.caller,
                            from: store.origin
                        )
                    ])
                } catch {
                    switch error {
                    case .invalid(let issue): throw Failure(issue.sentence)
                    case .storage(let error): throw Failure("storage: \(error.reason)")
                    case .overtaken: throw Failure("the account is gone")
                    case .wrongPassword, .throttled, .busy:
                        throw Failure("the password could not be hashed")
                    }
                }
            }
        }
    }

    /// `coatcheck user link`: a link for setting a password.
    struct Link: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a link by which the owner of an account sets a password, once."
        )

        @OptionGroup var subject: Subject

        func run() throws {
            try subject.act { store, user in try await UserCommand.printLink(for: user, store) }
        }
    }

    /// `coatcheck user groups`: shows or changes the groups of an account.
    struct Groups: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show or change the groups of an account."
        )

        @OptionGroup var subject: Subject
        @Option(help: "A group to add; may be repeated.") var add: [String] = []
        @Option(help: "A group to remove; may be repeated.") var remove: [String] = []
        @Option(help: "All groups, separated by commas; empty for none.") var set: String?
        @Flag(help: "Also when no administrator is left.") var force = false

        func run() throws {
            var edit = UserEdit()
            edit.addedGroups = try add.map { try UserCommand.group($0).text }
            edit.removedGroups = try remove.map { try UserCommand.group($0).text }
            edit.groups = try set.map { text in
                try text.split(separator: ",").map { try UserCommand.group(String($0)).text }
            }
            let isReading = add.isEmpty && remove.isEmpty && set == nil
            try subject.act { [edit, force] store, user in
                var groups = user.groups
                if !isReading {
                    groups = try await store.edit(user, edit, force: force).groups
                }
                print(groups.joined(separator: "\n"))
            }
        }
    }

    /// `coatcheck user disable`: shuts an account.
    struct Disable: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shut an account; its sessions end and nobody logs in with it."
        )

        @OptionGroup var subject: Subject
        @Flag(help: "Also when no administrator is left.") var force = false

        func run() throws {
            try subject.act { [force] store, user in
                _ = try await store.edit(user, UserEdit(isDisabled: true), force: force)
                print("Disabled \(user.username).")
            }
        }
    }

    /// `coatcheck user enable`: opens an account again.
    struct Enable: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Open an account again.")

        @OptionGroup var subject: Subject

        func run() throws {
            try subject.act { store, user in
                _ = try await store.edit(user, UserEdit(isDisabled: false), force: false)
                print("Enabled \(user.username).")
            }
        }
    }

    /// `coatcheck user delete`: deletes an account.
    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete an account and everything that belongs to it."
        )

        @OptionGroup var subject: Subject
        @Flag(help: "Also when no administrator is left.") var force = false

        func run() throws {
            try subject.act { [force] store, user in
                _ = try await store.accounts.delete(user.id, force: force)
                try await store.note([
                    .userDeleted(user: user.id.text, by: store.caller, from: store.origin)
                ])
                print("Deleted \(user.username).")
            }
        }
    }
}
