internal import Accounts
internal import HTTP
internal import Sessions
internal import Telemetry

extension Site {
    /// POST /password: changes my password; every other session of mine ends, and this one goes on
    /// under a new ticket.
    func changePassword(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let fields = try visit.fields()
        let current = try fields.text("current") ?? ""
        let new = try fields.text("new") ?? ""
        do throws(Problem) {
            let renewed = try await changePassword(from: current, to: new, visit, live)
            var response = done(.passwordChanged, visit)
            give(renewed, to: &response, visit)
            // The account's known devices went with the password; this one has proved the new.
            await rememberDevice(of: live.userID, isKnown: false, in: &response, visit)
            return response
        } catch {
            guard visit.form == .page, error != .authenticationRequired else { throw error }
            var outcome = AccountOutcome()
            for issue in error.issues {
                if issue.path == "current" { outcome.currentError = issue.message }
                if issue.path == "new" { outcome.newError = issue.message }
            }
            if error.issues.isEmpty { outcome.error = error.sentence }
            var response = try await accountPage(
                visit,
                live,
                outcome: outcome,
                status: error.status
            )
            error.addFields(to: &response)
            return response
        }
    }

    private func changePassword(
        from current: String,
        to new: String,
        _ visit: Visit,
        _ live: LiveSession
    ) async throws(Problem) -> NewSession {
        let user = try await stored(during: "password") { () throws(StorageError) in
            try await accounts.user(live.userID)
        }
        guard let user else { throw .authenticationRequired }
        let renewed = choices.sessionPolicy.renewed(
            try await details(of: live).session,
            client: visit.client,
            at: now()
        )
        do throws(PasswordChangeError) {
            let change = try await accounts.changePassword(
                of: user,
                from: current,
                to: new,
                replacing: live.key,
                with: renewed
            )
            await sessions.forget(user: change.user.id)
            let others = change.ended.filter { $0.key != live.key }
            noteRevocation(of: others, by: nil, visit)
            record(
                .passwordChanged(
                    user: user.id.text,
                    endedSessions: others.count,
                    by: nil,
                    from: visit.origin
                )
            )
            record(
                .sessionRenewed(
                    user: user.id.text,
                    session: live.session.id.text,
                    from: visit.origin
                )
            )
            return renewed
        } catch {
            if error == .wrongPassword {
                record(
                    .passwordChangeFailed(
                        user: user.id.text,
                        session: live.session.id.text,
                        from: visit.origin
                    )
                )
            }
            throw problem(of: error, visit)
        }
    }

    /// The problem that an unsuccessful change of a password is.
    private func problem(of error: PasswordChangeError, _ visit: Visit) -> Problem {
        switch error {
        case .invalid(let issue):
            return .invalidRequest([InputIssue(path: "new", message: issue.sentence)])
        case .wrongPassword:
            return .invalidRequest([
                InputIssue(path: "current", message: "The current password is wrong.")
            ])
        case .throttled(let scope, let seconds): return throttled(scope, seconds, visit)
        case .overtaken: return .authenticationRequired
        case .busy: return busy(visit)
        case .storage(let error): return problem(of: error, during: "password")
        }
    }

    // MARK: by a link

    /// GET /set-password?token=…: the page to which a link leads.
    ///
    /// The link is the one secret that travels in a URL (ASVS 14.2.1 would have none): people must
    /// be able to receive it. It works once and briefly, nginx logs none of it, and the page names
    /// itself in no Referer.
    func showSetPassword(_ visit: Visit) async throws(Problem) -> Response {
        let token = visit.request.queryValue("token") ?? ""
        let user = try await user(ofLink: token)
        return pages.setPassword(
            SetPasswordForm(token: token, username: user.username),
            passwordMinimum: choices.passwordMinimum,
            of: visit
        )
    }

    /// POST /set-password {token, password}: sets the password and ends every session; the person
    /// then logs in (CS-Forgot: no login by the link itself).
    func setPassword(_ visit: Visit) async throws(Problem) -> Response {
        let fields = try visit.fields()
        let token = try fields.text("token") ?? ""
        let password = try fields.text("password") ?? ""
        let user = try await user(ofLink: token)
        guard let digest = Ticket.digest(of: Array(token.utf8).span) else { throw .linkUnusable }
        do throws(PasswordChangeError) {
            let change = try await accounts.setPassword(byLink: digest, to: password)
            await sessions.forget(user: change.user.id)
            noteRevocation(of: change.ended, by: nil, visit)
            record(
                .passwordChanged(
                    user: change.user.id.text,
                    endedSessions: change.ended.count,
                    by: nil,
                    from: visit.origin
                )
            )
            var response =
                visit.form == .page
                ? pages.login(
                    LoginForm(
                        name: change.user.username,
                        notice: "Your password was set. Please log in."
                    ),
                    of: visit
                ) : Response(status: 204)
            await rememberDevice(of: change.user.id, isKnown: false, in: &response, visit)
            return response
        } catch {
            if error == .overtaken { throw .linkUnusable }
            if case .invalid(let issue) = error {
                guard visit.form == .page else {
                    throw .invalidRequest([
                        InputIssue(path: "password", message: issue.sentence)
                    ])
                }
                return pages.setPassword(
                    SetPasswordForm(
                        token: token,
                        username: user.username,
                        error: issue.sentence
                    ),
                    passwordMinimum: choices.passwordMinimum,
                    status: 400,
                    of: visit
                )
            }
            throw problem(of: error, visit)
        }
    }

    private func user(ofLink token: String) async throws(Problem) -> User {
        guard let digest = Ticket.digest(of: Array(token.utf8).span) else { throw .linkUnusable }
        let user = try await stored(during: "link") { () throws(StorageError) in
            try await accounts.user(ofLink: digest)
        }
        guard let user else { throw .linkUnusable }
        return user
    }
}
