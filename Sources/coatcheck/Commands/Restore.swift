internal import ArgumentParser
import Glibc
internal import Sessions
internal import Storage
internal import Telemetry

/// `coatcheck restore`: puts a backup where no database is.
struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a backup where the settings have the database, and none is.",
        discussion: """
            Stop coatcheck.service and coatcheck.socket first, and move the database away, with \
            the -wal and -shm files beside it. The backup is checked, and brought up to date if an \
            older version made it; if anything fails, nothing is left at the place.

            A backup does not know what has ended since: every session in it ends, and links to \
            set a password stop working. --keep-sessions keeps both, for a move to another \
            machine: only when the old server was stopped before the backup was made. What else \
            was changed since the backup is as it was: accounts that were deleted or disabled, \
            groups and passwords.
            """
    )

    @OptionGroup var options: SettingsOptions
    @Argument(help: "The backup.") var file: String
    @Flag(help: "Let the sessions in the backup go on.") var keepSessions = false

    func run() throws {
        let settings = try options.loadForCommands()
        guard !settings.isShared else {
            throw Failure(
                "nothing was restored: the accounts are in PostgreSQL (storage.url), which pg_restore fills"
            )
        }
        let path = settings[.storagePath]
        guard !ListeningSocket.isServed(settings[.socketPath]) else {
            throw Failure(
                "nothing was restored: somebody listens on \(settings[.socketPath]); stop "
                    + "coatcheck.socket and coatcheck.service first"
            )
        }
        let origin = LiveStore.console
        do {
            // Opened while root may still read it everywhere.
            let backup = try OpenedBackup(path: file)
            try LiveStore.becomeOwner(of: path)
            let now = LiveStore.now()
            let restoration = try SQLiteStorage.restore(
                backup,
                to: path,
                keepingSessions: keepSessions,
                at: now
            ) { ended in
                let event = Event.restored(file: file, endedSessions: ended, from: origin)
                return AuditRecord(event, at: now.seconds).map { [$0] } ?? []
            }
            let ended = restoration.endedSessions
            print("Made \(path): \(restoration.contents.words), sessions that ended \(ended).")
        } catch let error as BackupFailure {
            throw Failure("nothing was restored: \(error.words(subject: file))")
        }
    }
}
