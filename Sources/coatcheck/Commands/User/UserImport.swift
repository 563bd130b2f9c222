internal import Accounts
internal import ArgumentParser
internal import Sessions
internal import Storage
internal import Telemetry

extension UserCommand {
    /// `coatcheck user import`: takes over the accounts of another system, all of a file or none.
    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take over accounts from an htpasswd file or JSON lines.",
            discussion: """
                Passwords stay as they are: a hash of another system is compared as it is, and \
                replaced by Argon2id when its owner logs in. Read are bcrypt, SHA-crypt, MD5 \
                crypt, apr1, {SHA}, Argon2, scrypt and PBKDF2. JSON lines have the members \
                username, email, passwordHash, groups and disabled.

                Either every account of the file is made or none. When something is wrong, each \
                line is named, and the status is 1.
                """
        )

        @OptionGroup var options: SettingsOptions
        @Argument(help: "The file; - reads standard input.") var file: String
        @Option(help: "htpasswd or jsonl; guessed from the first line otherwise.")
        var format: ImportFormat?
        @Flag(help: "Check the file against the store and change nothing.") var dryRun = false

        func run() throws {
            let settings = try options.loadForCommands()
            // Read before the store is opened, which may give up root's rights.
            let read = try ImportReader(path: file, format: format, at: LiveStore.now())
            guard dryRun || read.problems.isEmpty else { return try Import.refuse(read.problems) }
            guard !read.accounts.isEmpty else { throw Failure("there is no account in \(file)") }
            try LiveStore.use(settings) { [dryRun] store in
                var read = read
                if dryRun {
                    read.addTaken(try await store.taken(read.accounts))
                    // Of a line with a problem the name is not looked up.
                    try Import.refuse(read.problems)
                    print("\(read.accounts.count) accounts can be imported. Nothing was changed.")
                    return
                }
                let count = read.accounts.count
                read.addTaken(try await store.importAll(read.accounts))
                try Import.refuse(read.problems)
                print("Imported \(count) accounts.")
            }
        }

        private static func refuse(_ problems: ImportProblems) throws {
            guard !problems.isEmpty else { return }
            throw Failure(
                "nothing was imported; lines with problems: \(problems.count)\n" + problems.report
                    + "\nTake these lines out of the file. `coatcheck user add NAME --link` makes an "
                    + "account whose owner sets a new password."
            )
        }
    }
}

extension ImportFormat: ExpressibleByArgument {}

extension LiveStore {
    /// Makes many accounts or none; returns the positions of those whose names are taken.
    func importAll(_ accounts: [NewAccount]) async throws -> [Int] {
        let taken = try await storage.insertAll(accounts)
        guard taken.isEmpty, !accounts.isEmpty else { return taken }
        try await note([.usersImported(count: accounts.count, by: caller, from: origin)])
        return []
    }

    /// The positions of accounts of which a name is taken.
    func taken(_ accounts: [NewAccount]) async throws -> [Int] {
        var taken: [Int] = []
        for (position, account) in accounts.enumerated() {
            for key in account.keys where try await storage.credentials(of: key) != nil {
                taken.append(position)
                break
            }
        }
        return taken
    }
}
