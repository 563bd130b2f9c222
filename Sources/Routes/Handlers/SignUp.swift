internal import Accounts
internal import HTTP
internal import Sessions
internal import Telemetry

extension Site {
    /// GET /signup: the page; whoever is logged in already goes on.
    func showSignUp(_ visit: Visit) async throws(Problem) -> Response {
        if try await session(of: visit) != nil { return .redirect(destination(of: visit)) }
        guard choices.isSignUpOpen else { throw .signUpClosed }
        return pages.signUp(
            SignUpForm(next: visit.request.queryValue("next")),
            passwordMinimum: choices.passwordMinimum,
            of: visit
        )
    }

    /// POST /signup: an account, and a session for it at once.
    func signUp(_ visit: Visit) async throws(Problem) -> Response {
        guard choices.isSignUpOpen else { throw .signUpClosed }
        let fields = try visit.fields()
        let username = try fields.text("username")
        let email = try fields.text("email")
        let password = try fields.text("password") ?? ""
        let form = SignUpForm(
            name: try fields.typedName(),
            next: try fields.text("next") ?? visit.request.queryValue("next")
        )
        do throws(Problem) {
            let (user, new) = try await makeAccount(username, email, password, visit)
            await endOldSessions(visit)
            noteBeginning(of: new, visit)
            var response =
                visit.form == .page
                ? onward(to: form.next, visit)
                : Response.json(.person(user.principal), status: 201)
            give(new, to: &response, visit)
            await rememberDevice(of: user.id, isKnown: false, in: &response, visit)
            return response
        } catch {
            return failure(error, form, visit)
        }
    }

    private func makeAccount(
        _ username: String?,
        _ email: String?,
        _ password: String,
        _ visit: Visit
    ) async throws(Problem) -> (User, NewSession) {
        do throws(SignUpError) {
            let made = try await accounts.signUp(
                username: username,
                email: email,
                password: password,
                from: source(of: visit)
            ) { id in
                choices.sessionPolicy.newSession(
                    of: id,
                    client: visit.client,
                    isRemembered: false,
                    at: now()
                )
            }
            record(.userCreated(user: made.user.id.text, by: nil, from: visit.origin))
            return made
        } catch {
            throw problem(of: error, visit)
        }
    }

    /// Ends the sessions that the browser had.
    ///
    /// The account is there already, so a failure leaves them to their limits; nobody holds their
    /// tickets any more.
    private func endOldSessions(_ visit: Visit) async {
        for key in tickets(of: visit) {
            do throws(StorageError) {
                if let ended = try await sessions.end(key, at: now()) { noteEnd(of: ended, visit) }
            } catch {
                _ = problem(of: error, during: "end")
            }
        }
    }

    /// The problem that a sign-up error is, with its event.
    func problem(of error: SignUpError, _ visit: Visit) -> Problem {
        switch error {
        case .invalid(let issues):
            return .invalidRequest(
                issues.map { InputIssue(path: $0.field, message: $0.sentence) }
            )
        case .taken: return .usernameTaken
        case .throttled(let scope, let seconds): return throttled(scope, seconds, visit)
        case .busy: return busy(visit)
        case .storage(let error): return problem(of: error, during: "signup")
        }
    }

    private func failure(_ problem: Problem, _ form: SignUpForm, _ visit: Visit) -> Response {
        guard visit.form == .page else { return problem.json() }
        var form = form
        for issue in problem.issues {
            if issue.path == "password" {
                form.passwordError = issue.message
            } else {
                form.nameError = issue.message
            }
        }
        if problem.issues.isEmpty { form.error = problem.sentence }
        var response = pages.signUp(
            form,
            passwordMinimum: choices.passwordMinimum,
            status: problem.status,
            of: visit
        )
        problem.addFields(to: &response)
        return response
    }
}

/// What the sign-up page shows.
struct SignUpForm: Sendable {
    var name = ""
    var next: String?
    var error: String?
    var nameError: String?
    var passwordError: String?
}
