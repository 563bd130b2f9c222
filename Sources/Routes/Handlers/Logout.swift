internal import HTTP
internal import Sessions
internal import Telemetry

extension Site {
    /// POST or DELETE /logout: ends the session and takes the cookie away, also when there was
    /// no session.
    func logOut(_ visit: Visit) async throws(Problem) -> Response {
        for key in tickets(of: visit) {
            let ended = try await stored(during: "end") { () throws(StorageError) in
                try await sessions.end(key, at: now())
            }
            if let ended { noteEnd(of: ended, visit) }
        }
        let mount = visit.request.mount
        var response =
            visit.form == .page
            ? Response.redirect(mount + "/login") : Response(status: 204)
        takeCookie(in: &response, visit)
        return response
    }

    /// Says in the log that somebody has ended a session of their own.
    func noteEnd(of session: EndedSession, _ visit: Visit) {
        record(
            .sessionEnded(
                session: session.id.text,
                user: session.userID.text,
                from: visit.origin
            )
        )
    }

    /// Takes the session cookie away, and what the browser cached (ASVS 14.3.1), so that the back
    /// button shows nothing that was guarded.
    func takeCookie(in response: inout Response, _ visit: Visit) {
        response.add("Set-Cookie", choices.cookie.clearing(mount: visit.request.mount))
        response.add("Clear-Site-Data", "\"cache\"")
    }
}
