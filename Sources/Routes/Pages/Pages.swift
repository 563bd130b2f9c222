internal import HTTP
internal import Mustache
internal import Sessions
internal import Telemetry

/// The pages that people see, made from the templates beside this folder.
///
/// The templates are compiled into the program. They escape whatever is put into them, as
/// `PageText` says; none of them uses the unescaped form, and a test sees to it.
struct Pages: Sendable {
    private let library: MustacheLibrary
    private let isSignUpOpen: Bool

    /// Takes the templates; `isSignUpOpen` is whether pages offer to make an account.
    init(isSignUpOpen: Bool = true) throws {
        self.isSignUpOpen = isSignUpOpen
        library = try Pages.library.get()
    }

    /// The templates, read once: settings that are read again make new pages of the same ones.
    private static let library = Result {
        // Before the templates are read: the layout names it.
        MustacheContentTypes.register(PageText(), named: PageText.name)
        var library = MustacheLibrary()
        for (name, bytes) in templates {
            try library.register(String(decoding: bytes, as: UTF8.self), named: name)
        }
        return library
    }

    /// The templates by name.
    static let templates: [(name: String, bytes: [UInt8])] = [
        ("layout", PackageResources.layout_mustache),
        ("login", PackageResources.login_mustache),
        ("signup", PackageResources.signup_mustache),
        ("account", PackageResources.account_mustache),
        ("deletion", PackageResources.deletion_mustache),
        ("reauthenticate", PackageResources.reauthenticate_mustache),
        ("set-password", PackageResources.set_password_mustache),
        ("users", PackageResources.users_mustache),
        ("user", PackageResources.user_mustache),
        ("nav", PackageResources.nav_mustache),
        ("onward", PackageResources.onward_mustache),
        ("error", PackageResources.error_mustache),
    ]

    /// The log-in page.
    func login(_ form: LoginForm, status: Int = 200, of visit: Visit) -> Response {
        page(
            "login",
            status,
            visit,
            [
                "title": "Log in",
                "username": form.name,
                "remember": form.isRemembered,
                "next": form.next ?? "",
                "nextQuery": nextQuery(form.next),
                "error": form.error,
                "notice": form.notice,
                "isSignUpOpen": isSignUpOpen,
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
                "error": form.error,
                "usernameError": form.nameError,
                "passwordError": form.passwordError,
                "passwordMinimum": passwordMinimum,
            ]
        )
    }

    /// A page that leads to another host.
    ///
    /// Our Content-Security-Policy says `form-action 'self'`, and Chromium holds to it the redirect
    /// that answers a form: a page that goes on by itself is none.
    func onward(to url: String, of visit: Visit) -> Response {
        let host = url.split(separator: "/", maxSplits: 2).dropFirst().first.map(String.init)
        return page(
            "onward",
            200,
            visit,
            ["title": "You are logged in", "url": url, "host": host ?? url]
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

    func page(
        _ template: String,
        _ status: Int,
        _ visit: Visit,
        _ values: [String: Any?]
    ) -> Response {
        // A value that is absent must be left out: to the templates a nil in an Any is a value.
        var context = values.compactMapValues { $0 }
        context["mount"] = visit.request.mount
        // Every name that is passed here is registered above.
        let text = library.render(context, withTemplate: template) ?? ""
        return .html(text, status: status)
    }

    /// A time for people and, in the attribute beside it, for programs.
    func moment(_ time: Timestamp) -> [String: Any] {
        ["text": UTC.readable(time.seconds), "machine": UTC.text(time.seconds)]
    }

    private func nextQuery(_ next: String?) -> String {
        guard let next, !next.isEmpty else { return "" }
        return "?next=" + Percent.encodeQueryValue(next)
    }
}
