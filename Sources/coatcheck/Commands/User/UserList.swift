internal import Accounts
internal import ArgumentParser
internal import HTTP
internal import Routes
internal import Sessions
internal import Telemetry

extension UserCommand {
    /// `coatcheck user list`: the accounts, in the order of their names.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List accounts.")

        @OptionGroup var options: SettingsOptions
        @Option(help: "Only accounts of which a name contains this.") var search = ""
        @Flag(help: "Print a line of JSON for each account.") var json = false

        func run() throws {
            let settings = try options.loadForCommands()
            try LiveStore.use(settings) { [search, json] store in
                try await store.forEachUser(matching: search) { user in
                    print(json ? user.jsonLine : user.line)
                }
            }
        }
    }

    /// `coatcheck user show`: one account and its sessions.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show an account and its sessions."
        )

        @OptionGroup var options: SettingsOptions
        @Argument(help: "The name, email address or id.") var who: String

        func run() throws {
            let settings = try options.loadForCommands()
            try LiveStore.use(settings) { [who] store in
                let user = try await store.user(who)
                print("id        \(user.id.text)")
                print("username  \(user.username)")
                print("email     \(user.email ?? "-")")
                print("groups    \(user.groups.isEmpty ? "-" : user.groups.joined(separator: ","))")
                print("state     \(user.isDisabled ? "disabled" : "active")")
                print("created   \(UTC.text(user.createdAt.seconds))")
                print("sessions")
                for session in try await store.liveSessions(of: user) {
                    print("  \(session.line)")
                }
            }
        }
    }
}

extension User {
    /// The account in a line of tabs: id, name, email, state, groups.
    var line: String {
        [
            id.text, username, email ?? "-", isDisabled ? "disabled" : "active",
            groups.isEmpty ? "-" : groups.joined(separator: ","),
        ].joined(separator: "\t")
    }

    /// The account as JSON.
    var jsonLine: String {
        let json: JSON = [
            "id": .string(id.text), "username": .string(username), "email": JSON(email),
            "groups": .array(groups.map { .string($0) }), "disabled": .bool(isDisabled),
            "createdAt": .string(UTC.text(createdAt.seconds)),
        ]
        return String(decoding: json.serialized(), as: UTF8.self)
    }
}

extension Session {
    /// The session in a line of tabs: id, device, address, began, last seen, ends.
    var line: String {
        [
            id.text, deviceName(fromUserAgent: userAgent), clientAddress,
            UTC.text(createdAt.seconds), UTC.text(lastSeenAt.seconds),
            UTC.text(expiresAt.seconds),
        ].joined(separator: "\t")
    }
}
