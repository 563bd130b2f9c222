internal import Accounts
internal import HTTP
internal import Sessions
internal import Telemetry

extension Site {
    /// GET /login: the page; whoever is logged in already goes on.
    func showLogin(_ visit: Visit) async throws(Problem) -> Response {
        if try await session(of: visit) != nil { return .redirect(destination(of: visit)) }
        return pages.login(LoginForm(next: visit.request.queryValue("next")), of: visit)
    }

    /// POST /login: a session and its cookie for the right name and password.
    func logIn(_ visit: Visit) async throws(Problem) -> Response {
        let fields = try visit.fields()
        let username = try fields.text("username")
        let email = try fields.text("email")
        let next = try fields.text("next")
        let password = try fields.text("password") ?? ""
        let login = LoginForm(
            name: [username, email].compactMap { $0 }.first { !$0.isEmpty } ?? "",
            isRemembered: try fields.isSet("remember"),
            next: next ?? visit.request.queryValue("next")
        )
        guard !login.name.isEmpty, !password.isEmpty else {
            var issues: [InputIssue] = []
            if login.name.isEmpty {
                issues.append(InputIssue(path: "username", message: "Please give your name."))
            }
            if password.isEmpty {
                issues.append(InputIssue(path: "password", message: "Please give your password."))
            }
            return failure(.invalidRequest(issues), login, visit)
        }
        do throws(Problem) {
            let user = try await authenticate(name: login.name, password: password, visit)
            let new = try await begin(for: user, isRemembered: login.isRemembered, visit)
            record(
                .loginSucceeded(
                    user: user.id.text,
                    session: new.session.id.text,
                    from: visit.origin
                )
            )
            var response =
                visit.form == .page
                ? Response.redirect(destination(next: login.next, mount: visit.request.mount))
                : Response.json(["user": .person(new.principal)])
            give(new, to: &response, visit)
            return response
        } catch {
            return failure(error, login, visit)
        }
    }

    /// Begins a session and ends the one that the browser had, whoever's it was: a login always
    /// gives a new ticket, and the old one is dead (ASVS 7.2.4).
    func begin(
        for user: User,
        isRemembered: Bool,
        _ visit: Visit
    ) async throws(Problem) -> NewSession {
        let new: NewSession
        do throws(StorageError) {
            new = try await sessions.begin(
                for: user.id,
                client: visit.client,
                isRemembered: isRemembered,
                replacing: tickets(of: visit),
                at: now()
            )
        } catch .unknownUser {
            // Deleted or disabled between the password and the session.
            record(.loginFailed(from: visit.origin))
            throw .invalidCredentials
        } catch {
            throw problem(of: error, during: "begin")
        }
        let (user, session) = (user.id.text, new.session.id.text)
        record(.sessionCreated(user: user, session: session, isRemembered: isRemembered))
        if new.endedCount > 0 { record(.sessionsExceeded(user: user, ended: new.endedCount)) }
        for replaced in new.replaced { record(.sessionEnded(session: replaced.text)) }
        return new
    }

    /// The tickets that a visit brings, for ending them; more than one is an event.
    func tickets(of visit: Visit) -> [TokenDigest] {
        let header = visit.request.cookie
        let mount = visit.request.mount
        if case .suspicious(let reason) = cookie.find(in: header.span, mount: mount) {
            record(.suspiciousCookie(reason: reason, from: visit.origin))
        }
        return cookie.tickets(in: header.span, mount: mount)
    }

    /// Puts the cookie of a new session into an answer.
    func give(_ new: NewSession, to response: inout Response, _ visit: Visit) {
        let lifetime = new.session.expiresAt - new.session.createdAt
        let value = cookie.giving(new.ticket, for: lifetime, mount: visit.request.mount)
        response.add("Set-Cookie", value)
    }

    /// Where a login leads: to `next` where that is allowed, else to the account page.
    func destination(next: String?, mount: String) -> String {
        next.flatMap { ReturnPath($0, allowedHosts: returnHosts)?.location } ?? mount + "/account"
    }

    /// Where a visit to the login page leads when there is nothing to log in to.
    func destination(of visit: Visit) -> String {
        destination(next: visit.request.queryValue("next"), mount: visit.request.mount)
    }

    private func authenticate(
        name: String,
        password: String,
        _ visit: Visit
    ) async throws(Problem) -> User {
        do throws(AuthenticationError) {
            return try await accounts.authenticate(name: name, password: password)
        } catch {
            switch error {
            case .invalidCredentials:
                record(.loginFailed(from: visit.origin))
                throw .invalidCredentials
            case .busy:
                record(.loginTurnedAway(from: visit.origin))
                throw .busy()
            case .storage(let error): throw problem(of: error, during: "login")
            }
        }
    }

    private func failure(_ problem: Problem, _ login: LoginForm, _ visit: Visit) -> Response {
        guard visit.form == .page else { return problem.json() }
        var login = login
        login.error = problem.sentence
        var response = pages.login(login, status: problem.status, of: visit)
        problem.addFields(to: &response)
        return response
    }
}

/// What the login page shows.
struct LoginForm: Sendable {
    var name = ""
    var isRemembered = false
    var next: String?
    var error: String?
}
