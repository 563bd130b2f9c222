internal import HTTP
internal import Sessions

/// What the account page shows.
struct AccountView: Sendable {
    let principal: Principal
    /// The live sessions, the most recently used first.
    let sessions: [Session]
    /// The one that asks.
    let current: PublicID
    let passwordMinimum: Int
    let notice: AccountNotice?
    let outcome: AccountOutcome
}

/// What was done just before the account page is shown.
enum AccountNotice: String, Sendable {
    case sessionEnded = "session"
    case othersEnded = "others"
    case passwordChanged = "password"

    /// What the page says about it.
    var sentence: String {
        switch self {
        case .sessionEnded: "The session was ended."
        case .othersEnded: "All other sessions were ended."
        case .passwordChanged: "Your password was changed, and every other session was ended."
        }
    }
}

/// What is wrong with a change of the password.
struct AccountOutcome: Sendable {
    var error: String?
    var currentError: String?
    var newError: String?
}

/// What the page that asks for the password again shows.
struct ReauthenticationForm: Sendable {
    let username: String
    let next: String?
    var error: String?
}

/// What the page to which a link leads shows.
struct SetPasswordForm: Sendable {
    let token: String
    let username: String
    var error: String?
}

extension Pages {
    /// The account page.
    func account(_ view: AccountView, status: Int = 200, of visit: Visit) -> Response {
        let others = view.sessions.filter { $0.id != view.current }
        let ordered = view.sessions.filter { $0.id == view.current } + others
        return page(
            "account",
            status,
            visit,
            [
                "title": "Your account",
                "isAdministrator": view.principal.isAdministrator,
                "username": view.principal.username,
                "email": view.principal.email,
                "role": view.principal.role,
                "groups": view.principal.groups,
                "devices": ordered.map { device($0, isCurrent: $0.id == view.current) },
                "hasOthers": !others.isEmpty,
                "passwordMinimum": view.passwordMinimum,
                "notice": view.notice?.sentence,
                "error": view.outcome.error,
                "currentError": view.outcome.currentError,
                "newError": view.outcome.newError,
            ]
        )
    }

    /// The page that says what deleting an account takes away.
    func deletion(of principal: Principal, error: String?, of visit: Visit) -> Response {
        page(
            "deletion",
            error == nil ? 200 : 400,
            visit,
            [
                "title": "Delete your account",
                "isAdministrator": principal.isAdministrator,
                "username": principal.username,
                "error": error,
            ]
        )
    }

    /// The page that asks for the password again.
    func reauthentication(
        _ form: ReauthenticationForm,
        status: Int = 200,
        of visit: Visit
    ) -> Response {
        page(
            "reauthenticate",
            status,
            visit,
            [
                "title": "Please confirm that it is you",
                "username": form.username,
                "next": form.next,
                "error": form.error,
            ]
        )
    }

    /// The page to which a link for setting a password leads.
    func setPassword(
        _ form: SetPasswordForm,
        passwordMinimum: Int,
        status: Int = 200,
        of visit: Visit
    ) -> Response {
        page(
            "set-password",
            status,
            visit,
            [
                "title": "Set your password",
                "token": form.token,
                "username": form.username,
                "passwordMinimum": passwordMinimum,
                "error": form.error,
            ]
        )
    }

    /// A session as its owner or an administrator sees it.
    func device(_ session: Session, isCurrent: Bool) -> [String: Any] {
        [
            "id": session.id.text,
            "name": deviceName(fromUserAgent: session.userAgent),
            "address": session.clientAddress,
            "createdAt": moment(session.createdAt),
            "seenAt": moment(session.lastSeenAt),
            "expiresAt": moment(session.expiresAt),
            "idleUntil": moment(session.lastSeenAt + session.idleLimit),
            "remembered": session.isRemembered,
            "current": isCurrent,
        ]
    }
}
