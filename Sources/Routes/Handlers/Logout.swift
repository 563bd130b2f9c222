internal import HTTP
internal import Sessions
internal import Telemetry

extension Site {
    /// POST or DELETE /logout: ends the session and takes the cookie away, also when there was
    /// no session.
    ///
    /// The browser is told to drop what it cached (ASVS 14.3.1), so that the back button shows
    /// nothing that was guarded.
    func logOut(_ visit: Visit) async throws(Problem) -> Response {
        for key in tickets(of: visit) {
            let ended = try await stored(during: "end") { () throws(StorageError) in
                try await sessions.end(key)
            }
            if let ended { record(.sessionEnded(session: ended.text)) }
        }
        let mount = visit.request.mount
        var response =
            visit.form == .page
            ? Response.redirect(mount + "/login") : Response(status: 204)
        response.add("Set-Cookie", cookie.clearing(mount: mount))
        response.add("Clear-Site-Data", "\"cache\"")
        return response
    }
}
