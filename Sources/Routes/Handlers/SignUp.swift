internal import Accounts
internal import HTTP
internal import Sessions
internal import Telemetry

extension Site {
    /// GET /signup: the page; whoever is logged in already goes on.
    func showSignUp(_ visit: Visit) async throws(Problem) -> Response {
        if try await session(of: visit) != nil { return .redirect(destination(of: visit)) }
        return pages.signUp(
            SignUpForm(next: visit.request.queryValue("next")),
            passwordMinimum: passwordMinimum,
            of: visit
        )
    }

    /// POST /signup: an account, and a session for it at once.
    func signUp(_ visit: Visit) async throws(Problem) -> Response {
        let fields = try visit.fields()
        let username = try fields.text("username")
        let email = try fields.text("email")
        let next = try fields.text("next")
        let form = SignUpForm(
            name: [username, email].compactMap { $0 }.first { !$0.isEmpty } ?? "",
            next: next ?? visit.request.queryValue("next")
        )
        let password = try fields.text("password") ?? ""
        do throws(Problem) {
            let user = try await makeAccount(username, email, password, visit)
            let new = try await begin(for: user, isRemembered: false, visit)
            var response =
                visit.form == .page
                ? Response.redirect(destination(next: form.next, mount: visit.request.mount))
                : Response.json(.person(new.principal), status: 201)
            give(new, to: &response, visit)
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
    ) async throws(Problem) -> User {
        do throws(SignUpError) {
            let user = try await accounts.signUp(
                username: username,
                email: email,
                password: password
            )
            record(.userCreated(user: user.id.text, from: visit.origin))
            return user
        } catch {
            switch error {
            case .invalid(let issues):
                throw .invalidRequest(
                    issues.map { InputIssue(path: $0.field, message: $0.sentence) }
                )
            case .taken: throw .usernameTaken
            case .busy:
                record(.loginTurnedAway(from: visit.origin))
                throw .busy()
            case .storage(let error): throw problem(of: error, during: "signup")
            }
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
            passwordMinimum: passwordMinimum,
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
