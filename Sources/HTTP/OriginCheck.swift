/// The decision whether a request that changes something comes from our own pages (CSRF).
///
/// It follows the OWASP cheat sheet CS-CSRF, "Fetch Metadata" with the fallback it calls mandatory,
/// and ASVS 3.5.1; it needs no token and so covers the login form too. The rules in their order:
///
/// 1. A safe method passes: it changes nothing (ASVS 3.5.3).
/// 2. `Sec-Fetch-Site` must be exactly `same-origin`, or `none` for what a person started in the
///    browser itself. `same-site` is refused: a sibling domain is somebody else.
/// 3. Without it, `Origin` must be our own scheme, host and port. `null` is refused: a sandboxed
///    frame of any site sends it.
/// 4. Without both the client is no browser, and nobody else's cookie can be in it.
package enum OriginCheck {
    /// Says whether the request may change something.
    package static func allows(_ request: Request) -> Bool {
        if let method = request.method, method.isSafe { return true }
        if let site = request.secFetchSite { return site == "same-origin" || site == "none" }
        guard let origin = request.origin else { return true }
        let scheme = request.isSecure ? "https" : "http"
        guard let theirs = Origin(origin), let ours = Origin("\(scheme)://\(request.host)") else {
            return false
        }
        return theirs == ours
    }
}
