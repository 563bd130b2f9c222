internal import HTTP
internal import Mustache
internal import Sessions
internal import Telemetry

/// The pages that people see, made from the templates beside this folder.
///
/// The templates are compiled into the program. They escape whatever is put into them (ASVS
/// 1.2.1); none of them uses the unescaped form, and a test sees to it.
struct Pages: Sendable {
    private let library: MustacheLibrary

    /// Reads the templates.
    init() throws {
        var library = MustacheLibrary()
        for (name, bytes) in Pages.templates {
            try library.register(String(decoding: bytes, as: UTF8.self), named: name)
        }
        self.library = library
    }

    /// The templates by name.
    static let templates: [(name: String, bytes: [UInt8])] = [
        ("layout", PackageResources.layout_mustache),
        ("login", PackageResources.login_mustache),
        ("signup", PackageResources.signup_mustache),
        ("account", PackageResources.account_mustache),
        ("error", PackageResources.error_mustache),
    ]

    /// The log-in page.
    func login(_ form: LoginForm, status: Int = 200, of visit: Visit) -> Response {
        let isBack = visit.request.method?.isSafe == true && visit.request.query == "out"
        return page(
            "login",
            status,
            visit,
            [
                "title": "Log in",
                "username": form.name,
                "remember": form.isRemembered,
                "next": form.next ?? "",
                "nextQuery": nextQuery(form.next),
                "error": form.error as Any,
                "notice": (isBack ? "You are logged out." : nil) as String? as Any,
            ]
        )
    }

    /// The sign-up page.
    func signUp(
        _ form: SignUpForm,
        passwordMinimum: Int,
        status: Int = 200,
        of visit: Visit
    ) -> Response {
        page(
            "signup",
            status,
            visit,
            [
                "title": "Sign up",
                "username": form.name,
                "next": form.next ?? "",
                "nextQuery": nextQuery(form.next),
                "error": form.error as Any,
                "usernameError": form.nameError as Any,
                "passwordError": form.passwordError as Any,
                "passwordMinimum": passwordMinimum,
            ]
        )
    }

    /// The account page.
    func account(_ found: FoundSession, of visit: Visit) -> Response {
        let session = found.session
        return page(
            "account",
            200,
            visit,
            [
                "title": "Your account",
                "username": found.principal.username,
                "email": found.principal.email as Any,
                "role": found.principal.role,
                "groups": found.principal.groups,
                "session": [
                    "device": deviceName(fromUserAgent: session.userAgent),
                    "createdAt": UTC.text(session.createdAt.seconds),
                    "expiresAt": UTC.text(session.expiresAt.seconds),
                    "remembered": session.isRemembered,
                ] as [String: Any],
            ]
        )
    }

    /// A page that tells of a problem.
    func error(_ problem: Problem, of visit: Visit) -> Response {
        page(
            "error",
            problem.status,
            visit,
            [
                "title": problem.title,
                "status": problem.status,
                "message": problem.sentence,
                "requestID": visit.request.requestID,
                "loginLink": problem.status == 401,
            ]
        )
    }

    private func page(
        _ template: String,
        _ status: Int,
        _ visit: Visit,
        _ context: [String: Any]
    ) -> Response {
        let context = context.merging(["mount": visit.request.mount]) { own, _ in own }
        // Every name that is passed here is registered above.
        let text = library.render(context, withTemplate: template) ?? ""
        return .html(text, status: status)
    }

    private func nextQuery(_ next: String?) -> String {
        guard let next, !next.isEmpty else { return "" }
        return "?next=" + Percent.encodeQueryValue(next)
    }
}
