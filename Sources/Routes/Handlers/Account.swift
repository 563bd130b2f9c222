internal import HTTP
internal import Sessions

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

    /// GET /account: who I am, and log out.
    func account(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let details = try await details(of: live)
        guard visit.form == .page else { return try await me(visit, live) }
        return pages.account(details, of: visit)
    }

    private func details(of live: LiveSession) async throws(Problem) -> FoundSession {
        let details = try await stored(during: "details") { () throws(StorageError) in
            try await sessions.details(live.key)
        }
        // It ended between the check and now.
        guard let details else { throw .authenticationRequired }
        return details
    }
}
