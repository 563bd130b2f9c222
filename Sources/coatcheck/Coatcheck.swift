internal import ArgumentParser

/// The program: login and sessions behind nginx.
@main
struct Coatcheck: ParsableCommand {
    /// The version, as the package and the log show it.
    static let version = "0.5.0"

    static let configuration = CommandConfiguration(
        commandName: "coatcheck",
        abstract: "Login and sessions for any site behind nginx.",
        version: version,
        subcommands: [
            Serve.self, UserCommand.self, SessionCommand.self, AuditCommand.self, Backup.self,
            Restore.self, Migrate.self, Config.self, Doctor.self,
        ]
    )
}
