internal import ArgumentParser
import Foundation
internal import Sessions
internal import Storage

/// `coatcheck migrate`: moves everything to another storage.
struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy accounts, sessions and the audit trail from one storage to another.",
        discussion: """
            FROM and TO are settings files, of which storage.* and sessions.* count; or the path \
            of an SQLite database; or an address as storage.url takes it. An address with a \
            password in it is refused, since everybody on the machine can read arguments: write \
            it into a settings file, or the password into a password file of libpq.

            Stop every server first. TO must be empty. A move that was broken off goes on where it \
            was when it is called again; until it is finished no server opens TO. At the end both \
            are read and compared. Nobody is logged out. FROM is not changed.
            """
    )

    @Option(help: "Where everything is.") var from: String
    @Option(help: "Where everything is to be.") var to: String
    @Option(help: "The socket of the server, which must be stopped.")
    var socket = "/run/coatcheck/fcgi.sock"

    func run() throws {
        let (source, target) = (try settings(from), try settings(to))
        for path in Set([socket, source[.socketPath], target[.socketPath]])
        where ListeningSocket.isServed(path) {
            throw Failure("nothing was copied: somebody listens on \(path); stop every server")
        }
        guard source.isShared || FileManager.default.fileExists(atPath: source[.storagePath]) else {
            throw Failure("nothing was copied: there is no database at \(source[.storagePath])")
        }
        // Whoever owns the file that is there owns the one that is made.
        for settings in [source, target] where !settings.isShared {
            try LiveStore.becomeOwner(of: settings[.storagePath])
        }
        let progress = ProgressLine()
        let old = try wait { try await Engines.open(source, readers: 1) }
        defer { try? old.close() }
        let new = try Engines.connect(target, readers: 1)
        defer { try? new.close() }
        let move = Move(from: old, to: new) { progress.show($0) }
        do {
            let counts = try wait { try await move.run(named: source.moveName) }
            try new.close()
            progress.end()
            for (table, rows) in counts { print("\(table): \(rows)") }
            print("Everything was copied and compared; start the servers with the new settings.")
        } catch let error as Move.Failure {
            progress.end()
            throw Failure(error.words)
        }
    }

    /// Whether an address names a password: `user:password@` before the path, or a parameter.
    private static func holdsPassword(_ address: String) -> Bool {
        let rest = address.split(separator: ":", maxSplits: 1).last?.drop { $0 == "/" } ?? ""
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let user = authority.lastIndex(of: "@").map { authority[..<$0] }
        return user?.contains(":") == true || address.contains("password=")
    }

    /// The settings that an argument stands for.
    private func settings(_ text: String) throws -> Settings {
        if text.hasSuffix(".yaml") || text.hasSuffix(".yml") {
            var options = SettingsOptions()
            options.config = text
            return try options.load()
        }
        let isAddress = text.contains("://")
        guard !isAddress || !Self.holdsPassword(text) else {
            throw Failure(
                "an argument must not hold a password: use a settings file, or a password file"
            )
        }
        let key = isAddress ? Setting.storageURL : Setting.storagePath
        do throws(SettingsError) {
            return try Settings(file: nil, environment: [key.variable: text])
        } catch {
            throw Failure("\(error)")
        }
    }
}

extension Settings {
    /// What a move out of this storage is called in its target.
    fileprivate var moveName: String { isShared ? "a shared engine" : self[.storagePath] }
}

extension Move.Failure {
    /// The failure in words.
    fileprivate var words: String {
        switch self {
        case .notEmpty:
            "nothing was copied: there are accounts at the target, or a move from elsewhere "
                + "was begun"
        case .differs(let table, let source, let target):
            "the copies differ in \(table) (\(source) rows here, \(target) there): the source was "
                + "changed meanwhile; empty the target and begin again"
        case .storage(let error):
            "the move was broken off: \(error.reason); call it again to go on"
        }
    }
}

/// A line that says how far a move is, where somebody looks at it.
private struct ProgressLine: Sendable {
    private let isSeen = isatty(STDERR_FILENO) == 1
    private let shownAt = Locked(ContinuousClock.now)

    /// Shows how far it is, a few times a second on a terminal and else every ten seconds.
    func show(_ progress: Move.Progress) {
        let pause = isSeen ? Duration.milliseconds(200) : .seconds(10)
        let isDue = shownAt.withLock { shownAt in
            guard shownAt.duration(to: .now) >= pause else { return false }
            shownAt = .now
            return true
        }
        guard isDue else { return }
        let words = progress.step == .copying ? "copying" : "comparing"
        let text = "\(words) \(progress.table): \(progress.rows)"
        FileHandle.standardError.write(Data((isSeen ? "\r\u{1B}[K\(text)" : text + "\n").utf8))
    }

    /// Leaves the line to others.
    func end() {
        if isSeen { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}
