internal import ArgumentParser
import Foundation
internal import Sessions
internal import Storage
internal import Telemetry

/// `coatcheck backup`: copies the database into a file, beside the running server.
struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the database into a file, also while the server runs.",
        discussion: """
            The copy is the database at one moment, with all that was acknowledged before. It is \
            read back and checked before it gets its name; if anything fails, no file is made and \
            a file that was there stays as it was. It holds password hashes and can be read by \
            its owner only: keep it so.

            Called by root it becomes the owner of the database, who must be allowed to write \
            where FILE is.
            """
    )

    @OptionGroup var options: SettingsOptions
    @Argument(help: "The file to make.") var file: String
    @Flag(help: "Replace the file if it is there.") var replace = false

    func run() throws {
        let settings = try options.loadForCommands()
        guard !settings.isShared else {
            throw Failure(
                "no backup was made: the accounts are in PostgreSQL (storage.url), which pg_dump copies"
            )
        }
        let path = settings[.storagePath]
        let origin = LiveStore.console
        try LiveStore.becomeOwner(of: path)
        let contents: BackupContents
        do throws(BackupFailure) {
            contents = try SQLiteStorage.backUp(path, to: file, replacing: replace)
            print("Made \(file): \(contents.words), \(size).")
        } catch {
            throw Failure("no backup was made: \(error.words(subject: path))")
        }
        // Neither a full disk nor an older version's tables, which a note would bring up to date
        // behind a server that still runs, undo the backup.
        do {
            guard contents.isCurrent else { throw Failure("its tables are of an older version") }
            try LiveStore.use(settings) { [file] store in
                try await store.note([.backedUp(file: file, from: origin)])
            }
        } catch {
            let reason = (error as? StorageError)?.reason ?? "\(error)"
            let text = "The backup is good, but the audit trail does not say so: \(reason)\n"
            FileHandle.standardError.write(Data(text.utf8))
        }
    }

    /// How large the file is.
    private var size: String {
        var status = stat()
        unsafe stat(file, &status)
        return "\(status.st_size) bytes"
    }
}

extension BackupContents {
    /// The contents in words.
    var words: String {
        "accounts \(accounts), sessions \(sessions), lines of the audit trail \(auditLines)"
    }
}
