internal import ArgumentParser
import Glibc
internal import Sessions

/// `coatcheck doctor`: says in plain words what breaks login, and how to mend it.
///
/// It walks the way of a login from the settings to the site and changes nothing, but for one
/// failed try of a made-up name where it is given a URL. Its exit status is 0 when there is no
/// problem, 1 when there is one, and 78 for a mistake in the settings.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what breaks login, and how to mend it."
    )

    @OptionGroup var options: SettingsOptions

    @Option(help: "Also look at the site from outside: https://host[:port][/mount].")
    var url: String?

    @Flag(help: "Accept a certificate that cannot be verified, as curl --insecure does.")
    var insecure = false

    func validate() throws {
        if let url, SiteURL(url) == nil {
            throw ValidationError("--url must be https://host[:port][/mount]")
        }
    }

    func run() throws {
        let settings = try options.loadForCommands()
        var hasProblem = false
        func say(_ findings: [Finding]) {
            for finding in findings {
                print(finding.lines)
                if finding.verdict == .problem { hasProblem = true }
            }
        }

        say(SettingsExamination.look(at: options.config).findings)
        var newest: Timestamp?
        if settings.isShared {
            say(Engines.look(at: settings).flatMap(\.findings))
        } else {
            let look = StorageExamination.look(at: settings[.storagePath])
            say(look.0.findings)
            newest = look.newest
        }
        let socket = SocketExamination.look(
            at: settings[.socketPath],
            wantedMode: settings[.socketMode]
        )
        say(socket.findings)
        var isAnswering = false
        if socket.socket?.kind == .socket {
            let answer = AnswerExamination.look(at: settings)
            say(answer.findings)
            isAnswering = answer.isAnswering
        }
        var date: String?
        if let site = url.flatMap({ SiteURL($0) }) {
            if let program = Curl.find() {
                let curl = Curl(program: program, site: site, isInsecure: insecure)
                let visit = SiteVisit(settings, curl, isAnswering: isAnswering)
                say(visit.examinations.flatMap(\.findings))
                date = visit.date
            } else {
                say([.curlMissing])
            }
        } else {
            say([.warning("nginx: not looked at", mend: "give the address of the site as --url")])
        }
        let now = Int64(time(nil))
        say(ClockExamination(now: now, newest: newest?.seconds, date: date).findings)
        if hasProblem { throw ExitCode(1) }
    }
}

extension Finding {
    /// The program that asks nginx is not there.
    fileprivate static let curlMissing = Finding.problem(
        "nginx: there is no curl in PATH, with which the site is asked",
        mend: "apt-get install curl"
    )
}
