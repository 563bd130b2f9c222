internal import HTTP
internal import Sessions
internal import Telemetry

// Who may use a route: the questions of the pipeline, each answered by going on or by a problem.

extension Site {
    /// Returns the live session of a visit.
    ///
    /// - Throws: 401 when there is none, 503 when storage cannot say.
    func requiredSession(of visit: Visit) async throws(Problem) -> LiveSession {
        guard let session = try await session(of: visit) else { throw .authenticationRequired }
        return session
    }

    /// Refuses a session whose password was proved too long ago (ASVS 7.5.3), and says so in the
    /// log.
    func requireFreshness(_ live: LiveSession) throws(Problem) {
        guard live.session.authenticatedAt.isAtMost(choices.freshness, before: now()) else {
            record(
                .reauthenticationRequired(
                    policy: nil,
                    user: live.userID.text,
                    session: live.session.id.text
                )
            )
            throw .reauthenticationRequired
        }
    }

    /// Refuses everybody outside the group `admin` (ASVS 8.3.1), and says so in the log.
    func requireAdministrator(
        _ live: LiveSession,
        _ visit: Visit,
        path: String
    ) throws(Problem) {
        let principal = live.session.principal
        guard !principal.isAdministrator else { return }
        record(
            .adminDenied(
                path: path,
                user: principal.id.text,
                session: live.session.id.text,
                from: visit.origin
            )
        )
        throw .forbidden(missing: ["admin"])
    }
}
