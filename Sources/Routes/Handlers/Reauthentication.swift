internal import Accounts
internal import HTTP
internal import Sessions
internal import Telemetry

extension Site {
    /// GET /reauthenticate: the page that asks for the password again.
    func showReauthentication(
        _ visit: Visit,
        _ live: LiveSession
    ) async throws(Problem) -> Response {
        pages.reauthentication(
            ReauthenticationForm(
                username: live.session.principal.username,
                next: visit.request.queryValue("next")
            ),
            of: visit
        )
    }

    /// POST /reauthenticate {password}: the session goes on under a new ticket, the old one is dead
    /// (ASVS 7.2.4), and both limits begin anew (NIST SP 800-63B-4 section 5.2).
    func reauthenticate(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let fields = try visit.fields()
        let password = try fields.text("password") ?? ""
        let next = try fields.text("next") ?? visit.request.queryValue("next")
        do throws(Problem) {
            let renewed = try await renew(live, password: password, visit)
            var response =
                visit.form == .page
                ? onward(to: next, visit)
                : Response(status: 204)
            give(renewed, to: &response, visit)
            return response
        } catch {
            guard visit.form == .page, error != .authenticationRequired else { throw error }
            var response = pages.reauthentication(
                ReauthenticationForm(
                    username: live.session.principal.username,
                    next: next,
                    error: error == .invalidCredentials
                        ? "The password is wrong." : error.sentence
                ),
                status: error.status,
                of: visit
            )
            error.addFields(to: &response)
            return response
        }
    }

    private func renew(
        _ live: LiveSession,
        password: String,
        _ visit: Visit
    ) async throws(Problem) -> NewSession {
        let user = live.userID.text
        let session = live.session.id.text
        let authentication: Authentication
        do throws(AuthenticationError) {
            authentication = try await accounts.reauthenticate(
                live.userID,
                within: live.session.id,
                password: password
            )
        } catch {
            if case .invalidCredentials = error {
                record(
                    .reauthenticationFailed(user: user, session: session, from: visit.origin)
                )
            }
            throw problem(of: error, during: "reauthenticate", visit)
        }
        let renewed = choices.sessionPolicy.renewed(
            try await details(of: live).session,
            client: visit.client,
            at: now()
        )
        do throws(StorageError) {
            _ = try await sessions.renew(live.key, as: renewed, for: authentication)
        } catch .unknownUser {
            throw .authenticationRequired
        } catch {
            throw problem(of: error, during: "renew")
        }
        record(.reauthenticated(user: user, session: session, from: visit.origin))
        record(.sessionRenewed(user: user, session: session, from: visit.origin))
        return renewed
    }
}
