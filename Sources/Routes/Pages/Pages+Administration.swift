internal import Accounts
internal import HTTP
internal import Sessions

/// What the list of accounts shows.
struct UserListView: Sendable {
    let administrator: Principal
    /// What is searched for.
    let query: String
    let isFirst: Bool
    let page: UserPage
    let outcome: UserListOutcome
}

/// What came of the form for a new account.
struct UserListOutcome: Sendable {
    var username = ""
    var email = ""
    var groups = ""
    var error: String?
    var issues: [InputIssue] = []
    /// The name of the account that was made, and the link for its owner.
    var created: String?
    var link: SetPasswordLink?
}

/// What the page of one account shows.
struct UserView: Sendable {
    let administrator: Principal
    let user: User
    let sessions: [Session]
    let notice: UserNotice?
    let link: SetPasswordLink?
    let error: String?
}

/// What was done just before the page of an account is shown.
enum UserNotice: String, Sendable {
    case groupsChanged = "groups"
    case disabled
    case enabled
    case sessionsEnded = "sessions"

    /// What the page says about it.
    var sentence: String {
        switch self {
        case .groupsChanged: "The groups were changed."
        case .disabled: "The account was disabled, and its sessions were ended."
        case .enabled: "The account was enabled."
        case .sessionsEnded: "The sessions were ended."
        }
    }
}

extension Pages {
    /// The list of accounts.
    func users(_ view: UserListView, status: Int = 200, of visit: Visit) -> Response {
        let outcome = view.outcome
        let search = view.query.isEmpty ? "" : "q=" + Percent.encodeQueryValue(view.query) + "&"
        let next = view.page.cursor.map { search + "after=" + Percent.encodeQueryValue($0.text) }
        return page(
            "users",
            status,
            visit,
            [
                "title": "Users",
                "isAdministrator": true,
                "query": view.query,
                "firstQuery": view.isFirst ? nil : String(search.dropLast()),
                "nextQuery": next,
                "users": view.page.users.map(row),
                "newUsername": outcome.username,
                "newEmail": outcome.email,
                "newGroups": outcome.groups,
                "error": outcome.error,
                "usernameError": outcome.sentence("username"),
                "emailError": outcome.sentence("email"),
                "groupsError": outcome.sentence("groups"),
                "created": outcome.created,
                "link": outcome.link.map(link),
            ]
        )
    }

    /// The page of one account.
    func user(_ view: UserView, status: Int = 200, of visit: Visit) -> Response {
        let user = view.user
        return page(
            "user",
            status,
            visit,
            [
                "title": user.username,
                "isAdministrator": true,
                "user": row(user),
                "groups": user.groups.joined(separator: ", "),
                "devices": view.sessions.map { device($0, isCurrent: false) },
                "notice": view.notice?.sentence,
                "link": view.link.map(link),
                "error": view.error,
            ]
        )
    }

    private func row(_ user: User) -> [String: Any] {
        var row: [String: Any] = [
            "id": user.id.text,
            "username": user.username,
            "groups": user.groups,
            "disabled": user.isDisabled,
            "createdAt": moment(user.createdAt),
            "version": user.editVersion,
        ]
        // Where the name is the address, once is enough.
        if let email = user.email, email != user.username { row["email"] = email }
        return row
    }

    private func link(_ link: SetPasswordLink) -> [String: Any] {
        ["url": link.url, "expiresAt": moment(link.expiresAt)]
    }
}

extension UserListOutcome {
    /// What is wrong with a field.
    fileprivate func sentence(_ field: String) -> String? {
        issues.first { $0.path == field || $0.path.hasPrefix(field + ".") }?.message
    }
}
