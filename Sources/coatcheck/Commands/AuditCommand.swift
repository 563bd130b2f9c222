internal import Accounts
internal import ArgumentParser
internal import HTTP
internal import Sessions
internal import Storage
internal import Telemetry

/// `coatcheck audit`: reads the audit trail.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Read the record of who did what, when and from where.",
        subcommands: [List.self]
    )

    /// `coatcheck audit list`: the newest lines first.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what happened, the newest first."
        )

        @OptionGroup var options: SettingsOptions
        @Option(help: "Only what concerns this account: its name, email address or id.")
        var user: String?
        @Option(help: "Only events of this name, for instance authn_login_fail.")
        var event: String?
        @Option(help: "At most so many lines.") var limit = 100
        @Flag(help: "Print a line of JSON for each.") var json = false

        func validate() throws {
            guard (1...1_000_000).contains(limit) else {
                throw ValidationError("--limit is a number from 1 to 1000000.")
            }
        }

        func run() throws {
            let settings = try options.loadForCommands()
            try LiveStore.use(settings) { [user, event, limit, json] store in
                var filter = AuditFilter()
                // The trail outlives accounts: an id works without one.
                if let user { filter.user = try await store.accounts.find(user)?.id.text ?? user }
                filter.event = event
                for record in try await store.storage.auditRecords(matching: filter, limit: limit) {
                    print(json ? record.jsonLine : record.line)
                }
            }
        }
    }
}

extension AuditRecord {
    /// The record in a line of words, with the fields as the log writes them: no value makes a
    /// line or a field of its own (ASVS 16.4.1).
    var line: String {
        let fields = [("user", user), ("by", by), ("session", session), ("address", address)]
            .compactMap { name, value in value.map { (name: name, value: $0) } }
        let parts = [UTC.text(at), event, LogFormat.logfmt.text(fields), detail]
        return parts.filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// The record as JSON.
    var jsonLine: String {
        let json: JSON = [
            "time": .string(UTC.text(at)), "event": .string(event), "user": JSON(user),
            "by": JSON(by), "session": JSON(session), "address": JSON(address),
            "request": JSON(request), "detail": .string(detail),
        ]
        return String(decoding: json.serialized(), as: UTF8.self)
    }
}
