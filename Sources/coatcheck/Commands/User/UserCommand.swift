internal import ArgumentParser

/// `coatcheck user`: accounts from the command line, beside the running server.
struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Make, look at and change accounts, also while the server runs.",
        subcommands: [
            Add.self, Import.self, List.self, Show.self, Passwd.self, Link.self, Groups.self,
            Disable.self,
            Enable.self, Delete.self,
        ]
    )
}
