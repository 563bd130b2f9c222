internal import Accounts
internal import ArgumentParser
internal import Sessions
internal import Storage

/// `coatcheck session`: sessions from the command line, beside the running server.
struct SessionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session",
        abstract: "List and end sessions, also while the server runs.",
        subcommands: [List.self, End.self, Relocate.self]
    )

    /// `coatcheck session list`: the live sessions of an account, or of all.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List live sessions: account, id, device, address, times."
        )

        @OptionGroup var options: SettingsOptions
        @Argument(help: "The name, email address or id of an account; without it, all.")
        var who: String?

        func run() throws {
            let settings = try options.loadForCommands()
            try LiveStore.use(settings) { [who] store in
                if let who {
                    try await SessionCommand.print(of: store.user(who), store)
                    return
                }
                try await store.forEachUser { try await SessionCommand.print(of: $0, store) }
            }
        }
    }

    /// `coatcheck session end`: ends one session, those of an account, or all.
    struct End: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a session, those of an account, or all."
        )

        @OptionGroup var options: SettingsOptions
        @Argument(help: "The id of a session.") var id: String?
        @Option(help: "The account whose sessions end.") var user: String?
        @Flag(help: "End every session of everybody.") var all = false

        func validate() throws {
            guard [id != nil, user != nil, all].count(where: { $0 }) == 1 else {
                throw ValidationError("Give the id of a session, --user or --all.")
            }
        }

        func run() throws {
            let settings = try options.loadForCommands()
            try LiveStore.use(settings) { [id, user] store in
                let now = LiveStore.now()
                let ended: [EndedSession]
                if let id {
                    guard let id = PublicID(text: id),
                        let owner = try await store.storage.owner(ofSession: id),
                        let session = try await store.storage.remove(id, of: owner, at: now)
                    else { throw Failure("there is no session \(id)") }
                    ended = [session]
                } else {
                    let owner: PublicID? =
                        if let user { try await store.user(user).id } else { nil }
                    ended = try await store.storage.removeAll(of: owner, except: nil, at: now)
                }
                try await store.note(store.revocations(of: ended))
                Swift.print("Ended \(ended.count == 1 ? "1 session" : "\(ended.count) sessions").")
            }
        }
    }

    /// `coatcheck session relocate`: ends all sessions, and lets them be where the settings say.
    struct Relocate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End all sessions, and keep them where the settings say from now on.",
            discussion: """
                For a site that takes its sessions from PostgreSQL to Redis or back, or to another \
                sessions.prefix. Everybody signs in again; what is left at the old place is never \
                looked at again. Stop every server first. `coatcheck migrate` to another database \
                takes the sessions along.
                """
        )

        @OptionGroup var options: SettingsOptions

        func run() throws {
            let settings = try options.loadForCommands()
            guard settings.isShared else {
                throw Failure("without storage.url the sessions are in the database, always")
            }
            guard !ListeningSocket.isServed(settings[.socketPath]) else {
                throw Failure("somebody listens on \(settings[.socketPath]); stop every server")
            }
            let ended = try Engines.relocateSessions(settings)
            Swift.print("Ended \(ended == 1 ? "1 session" : "\(ended) sessions") in PostgreSQL.")
        }
    }

    private static func print(of user: User, _ store: LiveStore) async throws {
        for session in try await store.liveSessions(of: user) {
            Swift.print("\(user.username)\t\(session.line)")
        }
    }
}
