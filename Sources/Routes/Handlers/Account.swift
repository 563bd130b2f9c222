internal import Accounts
internal import HTTP
internal import Sessions
internal import Telemetry

extension Site {
    /// GET /: whoever comes to the mount itself goes to the account page.
    func home(_ visit: Visit) async throws(Problem) -> Response {
        .redirect(visit.request.mount + "/account")
    }

    /// GET /me: who I am, and with which session.
    func me(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let details = try await details(of: live)
        let session = JSON.session(details.session, seenAt: now(), isCurrent: true)
        return .json(.person(live.session.principal, session: session))
    }

    /// GET /account: who I am, my devices, and what I can do about them.
    func account(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        guard visit.form == .page else { return try await me(visit, live) }
        return try await accountPage(visit, live)
    }

    /// The account page, with what came of a form on it.
    func accountPage(
        _ visit: Visit,
        _ live: LiveSession,
        outcome: AccountOutcome = AccountOutcome(),
        status: Int = 200
    ) async throws(Problem) -> Response {
        let sessions = try await sessions(of: live.userID)
        // It ended between the check and now.
        guard sessions.contains(where: { $0.id == live.session.id }) else {
            throw .authenticationRequired
        }
        let notice = visit.request.queryValue("done").flatMap { AccountNotice(rawValue: $0) }
        return pages.account(
            AccountView(
                principal: live.session.principal,
                sessions: sessions,
                current: live.session.id,
                passwordMinimum: choices.passwordMinimum,
                notice: notice,
                outcome: outcome
            ),
            status: status,
            of: visit
        )
    }

    /// GET /account/data: what is held about me, as JSON to keep.
    func accountData(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let sessions = try await sessionList(of: live.userID, live)
        let user = try await stored(during: "data") { () throws(StorageError) in
            try await accounts.user(live.userID)
        }
        guard let user else { throw .authenticationRequired }
        let devices = try await stored(during: "data") { () throws(StorageError) in
            try await accounts.devices(of: user.id)
        }
        let events = try await stored(during: "data") { () throws(StorageError) in
            try await surroundings.audit(user.id)
        }
        var response = Response.json([
            "account": .account(user),
            "sessions": sessions,
            "knownDevices": .array(
                devices.map { ["lastLoginAt": .string(UTC.text($0.usedAt.seconds))] }
            ),
            "events": .array(events.map(JSON.event)),
        ])
        response.add("Content-Disposition", "attachment; filename=\"account.json\"")
        return response
    }

    // MARK: deleting my account

    /// GET /account/delete: the page that says what will be gone.
    func showDeletion(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        pages.deletion(of: live.session.principal, error: nil, of: visit)
    }

    /// POST /account/delete: the form of that page, which wants its box ticked.
    func confirmDeletion(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        guard try visit.fields().isSet("confirm") else {
            let sentence = "Please tick the box to confirm."
            guard visit.form == .page else {
                throw .invalidRequest([InputIssue(path: "confirm", message: sentence)])
            }
            return pages.deletion(of: live.session.principal, error: sentence, of: visit)
        }
        return try await deleteAccount(visit, live)
    }

    /// DELETE /account: everything that is held about me is gone, but for the audit trail's lines,
    /// which name me by my public id until their time is over.
    func deleteAccount(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let change: AccountChange
        do throws(StorageError) {
            change = try await accounts.delete(
                live.userID,
                by: live.mandate(asAdministrator: false)
            )
        } catch {
            switch error {
            case .unknownUser, .mandateEnded: throw .authenticationRequired
            case .lastAdministrator: throw .lastAdministrator
            case .duplicate, .conflict, .unavailable:
                throw problem(of: error, during: "delete")
            }
        }
        await sessions.forget(user: change.user.id)
        record(.userDeleted(user: live.userID.text, by: nil, from: visit.origin))
        noteRevocation(of: change.ended, by: nil, visit)
        var response =
            visit.form == .page
            ? Response.redirect(visit.request.mount + "/login") : Response(status: 204)
        takeCookie(in: &response, visit)
        let mount = visit.request.mount
        response.add("Set-Cookie", choices.deviceCookie.clearing(mount: mount))
        return response
    }

    func details(of live: LiveSession) async throws(Problem) -> FoundSession {
        let details = try await stored(during: "details") { () throws(StorageError) in
            try await sessions.details(live.key)
        }
        // It ended between the check and now.
        guard let details else { throw .authenticationRequired }
        return details
    }

    func sessions(of user: PublicID) async throws(Problem) -> [Session] {
        try await stored(during: "list") { () throws(StorageError) in
            try await sessions.sessions(of: user, at: now())
        }
    }
}
