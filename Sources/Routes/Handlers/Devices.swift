internal import HTTP
internal import Sessions
internal import Telemetry

extension Site {
    /// GET /sessions: my live sessions; for people they are part of the account page.
    func listSessions(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        guard visit.form == .json else { return .redirect(visit.request.mount + "/account") }
        return .json(try await sessionList(of: live.userID, live))
    }

    /// DELETE /sessions/{id}, or POST /sessions/{id}/end: ends one of my sessions.
    ///
    /// The id of somebody else's session is as good as one that is not there: 404.
    func endSession(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let id = try visit.publicID()
        let ended = try await stored(during: "end") { () throws(StorageError) in
            try await sessions.end(id, of: live.userID, at: now())
        }
        guard let ended else { throw .notFound }
        guard ended.key != live.key else {
            noteEnd(of: ended, visit)
            var response = done(.sessionEnded, visit)
            takeCookie(in: &response, visit)
            return response
        }
        noteRevocation(of: [ended], by: nil, visit)
        return done(.sessionEnded, visit)
    }

    /// DELETE /sessions, or POST /sessions/end-others: ends all my sessions but this one.
    func endOtherSessions(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let ended = try await stored(during: "end") { () throws(StorageError) in
            try await sessions.endAll(of: live.userID, except: live.session.id, at: now())
        }
        noteRevocation(of: ended, by: nil, visit)
        return done(.othersEnded, visit)
    }

    /// Says in the log that sessions were ended from elsewhere; `by` is who did it, when it was
    /// not their owner.
    func noteRevocation(of ended: [EndedSession], by actor: PublicID?, _ visit: Visit) {
        for session in ended {
            record(
                .sessionRevoked(
                    session: session.id.text,
                    user: session.userID.text,
                    by: actor?.text,
                    from: visit.origin
                )
            )
        }
    }

    /// The live sessions of an account as JSON, with the mark of the one that asks.
    func sessionList(of user: PublicID, _ live: LiveSession) async throws(Problem) -> JSON {
        let sessions = try await sessions(of: user)
        return .array(
            sessions.map { session in
                .session(
                    session,
                    seenAt: session.lastSeenAt,
                    isCurrent: session.id == live.session.id
                )
            }
        )
    }

    /// 204, or the account page with a notice.
    func done(_ notice: AccountNotice, _ visit: Visit) -> Response {
        guard visit.form == .page else { return Response(status: 204) }
        return .redirect(visit.request.mount + "/account?done=" + notice.rawValue)
    }
}
