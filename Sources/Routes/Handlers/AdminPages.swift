internal import Accounts
internal import HTTP
internal import Sessions
internal import Telemetry

// The pages for administrators. Each form does what the API does, and shows its page again.

extension Site {
    /// GET /admin?q=…&after=…: the accounts, and the form for a new one.
    func adminList(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        try await listPage(visit, live)
    }

    /// POST /admin/users: a new account, and its link.
    func adminCreate(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let fields = try visit.fields()
        var outcome = UserListOutcome(
            username: try fields.text("username") ?? "",
            email: try fields.text("email") ?? "",
            groups: try fields.text("groups") ?? ""
        )
        do throws(Problem) {
            let (user, link) = try await createUser(from: fields, visit, live)
            let created = UserListOutcome(created: user.username, link: link)
            return try await listPage(visit, live, outcome: created)
        } catch {
            outcome.error = error.sentence
            outcome.issues = error.issues
            var response = try await listPage(visit, live, outcome: outcome, status: error.status)
            error.addFields(to: &response)
            return response
        }
    }

    /// GET /admin/users/{id}: one account.
    func adminUser(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let notice = visit.request.queryValue("done").flatMap { UserNotice(rawValue: $0) }
        return try await userPage(visit, live, notice: notice)
    }

    /// POST /admin/users/{id}/groups: its groups, all of them.
    func adminGroups(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let fields = try visit.fields()
        return try await acting(.groupsChanged, visit, live) { () throws(Problem) in
            guard let groups = try fields.groups() else {
                throw .invalidRequest([
                    InputIssue(path: "groups", message: "The groups are missing.")
                ])
            }
            let edit = UserEdit(groups: groups.map(\.text))
            _ = try await self.edit(edit, ifVersion: fields.number("version"), visit, live)
        }
    }

    /// POST /admin/users/{id}/disable: nobody logs in with it, and its sessions end.
    func adminDisable(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        try await setDisabled(true, .disabled, visit, live)
    }

    /// POST /admin/users/{id}/enable: it can be used again.
    func adminEnable(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        try await setDisabled(false, .enabled, visit, live)
    }

    /// POST /admin/users/{id}/sessions/end: ends all its sessions.
    func adminEndSessions(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        try await acting(.sessionsEnded, visit, live) { () throws(Problem) in
            try await endSessions(visit, live)
        }
    }

    /// POST /admin/users/{id}/link: a link by which its owner sets a password, shown once.
    func adminLink(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let link = try await makeLink(for: try await user(of: visit), visit, live)
        return try await userPage(visit, live, link: link)
    }

    /// POST /admin/users/{id}/delete: deletes it, if the box is ticked.
    func adminDelete(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let isConfirmed = try visit.fields().isSet("confirm")
        return try await acting(visit, live, leadingTo: "/admin") { () throws(Problem) in
            guard isConfirmed else {
                let sentence = "Please tick the box to confirm."
                throw .invalidRequest([InputIssue(path: "confirm", message: sentence)])
            }
            try await delete(visit, live)
        }
    }

    private func setDisabled(
        _ isDisabled: Bool,
        _ notice: UserNotice,
        _ visit: Visit,
        _ live: LiveSession
    ) async throws(Problem) -> Response {
        let version = try visit.fields().number("version")
        return try await acting(notice, visit, live) { () throws(Problem) in
            let edit = UserEdit(isDisabled: isDisabled)
            _ = try await self.edit(edit, ifVersion: version, visit, live)
        }
    }

    /// Does what a form asks and leads back to the account's page.
    private func acting(
        _ notice: UserNotice,
        _ visit: Visit,
        _ live: LiveSession,
        _ action: () async throws(Problem) -> Void
    ) async throws(Problem) -> Response {
        // Whoever has disabled or degraded themselves finds the login or 403 there.
        let page = Site.router.page(of: visit.request.path)
        let path = page + "?done=" + notice.rawValue
        return try await acting(visit, live, leadingTo: path, action)
    }

    /// Does what a form asks and leads on; what cannot be done is said on the account's page.
    private func acting(
        _ visit: Visit,
        _ live: LiveSession,
        leadingTo path: String,
        _ action: () async throws(Problem) -> Void
    ) async throws(Problem) -> Response {
        do throws(Problem) {
            try await action()
        } catch {
            guard error.status == 400 || error.status == 409 else { throw error }
            return try await userPage(
                visit,
                live,
                error: error.sentence,
                status: error.status
            )
        }
        return .redirect(visit.request.mount + path)
    }

    private func listPage(
        _ visit: Visit,
        _ live: LiveSession,
        outcome: UserListOutcome = UserListOutcome(),
        status: Int = 200
    ) async throws(Problem) -> Response {
        let page = try await requestedUsers(visit)
        return pages.users(
            UserListView(
                administrator: live.session.principal,
                query: visit.request.queryValue("q") ?? "",
                isFirst: visit.request.queryValue("after") == nil,
                page: page,
                outcome: outcome
            ),
            status: status,
            of: visit
        )
    }

    private func userPage(
        _ visit: Visit,
        _ live: LiveSession,
        notice: UserNotice? = nil,
        link: SetPasswordLink? = nil,
        error: String? = nil,
        status: Int = 200
    ) async throws(Problem) -> Response {
        let user = try await user(of: visit)
        return pages.user(
            UserView(
                administrator: live.session.principal,
                user: user,
                sessions: try await sessions(of: user.id),
                notice: notice,
                link: link,
                error: error
            ),
            status: status,
            of: visit
        )
    }
}
