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
        let password = try fields.text("password") ?? ""
        let form = LoginForm(
            name: try fields.typedName(),
            isRemembered: try fields.isSet("remember"),
            next: try fields.text("next") ?? visit.request.queryValue("next")
        )
        guard !form.name.isEmpty, !password.isEmpty else {
            var issues: [InputIssue] = []
            if form.name.isEmpty {
                issues.append(InputIssue(path: "username", message: "Please give your name."))
            }
            if password.isEmpty {
                issues.append(InputIssue(path: "password", message: "Please give your password."))
            }
            return failure(.invalidRequest(issues), form, visit)
        }
        do throws(Problem) {
            let login = try await authenticate(name: form.name, password: password, visit)
            let (new, insertion) = try await begin(for: login, form.isRemembered, visit)
            record(
                .loginSucceeded(
                    user: login.user.id.text,
                    session: new.session.id.text,
                    afterFailures: login.priorFailures,
                    from: visit.origin
                )
            )
            var response =
                visit.form == .page
                ? onward(to: form.next, visit)
                : Response.json(["user": .person(insertion.principal)])
            give(new, to: &response, visit)
            await rememberDevice(
                of: login.user.id,
                isKnown: login.isKnownDevice,
                in: &response,
                visit
            )
            return response
        } catch {
            return failure(error, form, visit)
        }
    }

    private func authenticate(
        name: String,
        password: String,
        _ visit: Visit
    ) async throws(Problem) -> Login {
        do throws(AuthenticationError) {
            return try await accounts.authenticate(
                name: name,
                password: password,
                from: source(of: visit)
            )
        } catch {
            switch error {
            case .invalidCredentials(let user):
                record(.loginFailed(user: user?.text, from: visit.origin))
                throw .invalidCredentials
            default: throw problem(of: error, during: "login", visit)
            }
        }
    }

    /// Begins a session and ends the one that the browser had, whoever's it was: a login always
    /// gives a new ticket, and the old one is dead (ASVS 7.2.4).
    private func begin(
        for login: Login,
        _ isRemembered: Bool,
        _ visit: Visit
    ) async throws(Problem) -> (NewSession, Insertion) {
        let new = choices.sessionPolicy.newSession(
            of: login.user.id,
            client: visit.client,
            isRemembered: isRemembered,
            at: now()
        )
        do throws(StorageError) {
            let insertion = try await sessions.begin(
                new,
                for: login.authentication,
                keeping: choices.sessionPolicy.sessionsPerAccount,
                replacing: tickets(of: visit)
            )
            noteBeginning(
                of: new,
                visit,
                replaced: insertion.replaced,
                exceeded: insertion.exceeded
            )
            return (new, insertion)
        } catch .unknownUser {
            // Deleted, disabled or given another password between the password and the session.
            record(.loginFailed(user: login.user.id.text, from: visit.origin))
            throw .invalidCredentials
        } catch {
            throw problem(of: error, during: "begin")
        }
    }

    private func failure(_ problem: Problem, _ form: LoginForm, _ visit: Visit) -> Response {
        guard visit.form == .page else { return problem.json() }
        var form = form
        form.error = problem.sentence
        var response = pages.login(form, status: problem.status, of: visit)
        problem.addFields(to: &response)
        return response
    }
}

extension Fields {
    /// What stands in the field `username` or, when that is empty, in the field `email`.
    func typedName() throws(Problem) -> String {
        let username = try text("username")
        let email = try text("email")
        return [username, email].compactMap { $0 }.first { !$0.isEmpty } ?? ""
    }
}

/// What the login page shows.
struct LoginForm: Sendable {
    var name = ""
    var isRemembered = false
    var next: String?
    var error: String?
    var notice: String?
}
