import Glibc
internal import Sessions

/// Whether Coatcheck answers over the socket, and lets nobody in who has no session.
package struct AnswerExamination: Examination {
    /// The status of an answer, or why there was none.
    package typealias Outcome = Result<Int, FastCGIFailure>

    /// The answer to `GET /health/ready`.
    package let ready: Outcome
    /// The answer to a check of nginx's `auth_request` with a ticket that nobody was given.
    package let check: Outcome

    /// Creates an examination from what was seen.
    package init(ready: Outcome, check: Outcome) {
        self.ready = ready
        self.check = check
    }

    /// Asks over the socket.
    static func look(at settings: Settings) -> AnswerExamination {
        let client = FastCGIClient(path: settings[.socketPath])
        let ask = { (parameters: [(String, String)]) -> Outcome in
            do throws(FastCGIFailure) {
                return .success(try client.answer(to: parameters).status)
            } catch {
                return .failure(error)
            }
        }
        let cookie = CookieExamination.Wanted(settings, mount: "").name
        return AnswerExamination(
            ready: ask([
                ("SCRIPT_NAME", ""), ("DOCUMENT_URI", "/health/ready"), ("QUERY_STRING", ""),
                ("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/health/ready"),
                ("REMOTE_ADDR", "127.0.0.1"), ("HTTPS", "on"), ("HTTP_HOST", "localhost"),
            ]),
            check: ask([
                ("SCRIPT_NAME", ""), ("HTTPS", "on"), ("REQUEST_METHOD", "GET"),
                ("COATCHECK_MODE", "check"), ("COATCHECK_POLICY", "user"),
                ("HTTP_COOKIE", "\(cookie)=\(Ticket.random().text)"),
            ])
        )
    }

    /// Whether Coatcheck is behind the socket at all.
    package var isAnswering: Bool {
        if case .success = ready { return true }
        return false
    }

    /// What to say about it, in the order of looking.
    package var findings: [Finding] {
        switch ready {
        case .success(200): return [.ok("coatcheck: it answers and can read its storage"), guarded]
        case .success(let status):
            return [
                .problem(
                    "coatcheck: it answers, but is not ready (\(status))",
                    mend: "see what storage says above, and the log: `journalctl -u coatcheck`"
                )
            ]
        case .failure(let failure): return [Self.silence(failure)]
        }
    }

    private var guarded: Finding {
        switch check {
        case .success(401): .ok("coatcheck: a check with a made-up ticket is refused (401)")
        case .success(let status) where (200..<300).contains(status):
            .problem(
                "coatcheck: a check with a made-up ticket lets it in (\(status))",
                mend: "what listens on the socket is not Coatcheck: stop it"
            )
        case .success(let status):
            .problem(
                "coatcheck: a check with a made-up ticket gets \(status) in place of 401",
                mend: "see the log: `journalctl -u coatcheck`"
            )
        case .failure(let failure): Self.silence(failure)
        }
    }

    private static func silence(_ failure: FastCGIFailure) -> Finding {
        switch failure {
        case .refused(ECONNREFUSED), .refused(ENOENT):
            .problem(
                "coatcheck: nobody listens on the socket",
                mend: "start it: `systemctl start coatcheck.socket coatcheck.service`; if it ends "
                    + "again, `journalctl -u coatcheck` says why"
            )
        case .refused(EACCES):
            .problem(
                "coatcheck: the doctor may not connect to the socket",
                mend: "run the doctor as root or as the user of nginx"
            )
        case .refused(let number):
            .problem(
                unsafe "coatcheck: connecting failed: \(String(cString: strerror(number)))",
                mend: "look at the socket, and at the load: a full backlog refuses connections"
            )
        case .silent:
            .problem(
                "coatcheck: it accepts connections and does not answer",
                mend: "all workers may be busy, or the service does not start: "
                    + "`systemctl status coatcheck`, `journalctl -u coatcheck`"
            )
        case .malformed:
            .problem(
                "coatcheck: what answers on the socket is not Coatcheck",
                mend: "correct socket.path, and stop the other program"
            )
        }
    }
}
