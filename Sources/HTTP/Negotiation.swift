/// The form in which a request wants its answer.
package enum AnswerForm: Hashable, Sendable {
    /// Pages and redirects, for people.
    case page
    /// JSON and statuses, for programs.
    case json

    /// Chooses the form; the first rule that applies decides.
    ///
    /// 1. A path under `/api` is always JSON.
    /// 2. A body in JSON is answered in JSON.
    /// 3. `Accept` that names a page and does not prefer JSON to it gets a page.
    /// 4. A posted form gets a page unless `Accept` names JSON.
    /// 5. Everything else, `*/*` and no `Accept` too, gets JSON.
    package init(for request: Request) {
        guard request.path != "/api", !request.path.hasPrefix("/api/") else {
            self = .json
            return
        }
        let accept = Accept(request.accept)
        let sent = request.contentType.flatMap { MediaType($0) }?.essence
        if sent == MediaType.json {
            self = .json
        } else if accept.prefersPage {
            self = .page
        } else {
            self = sent == MediaType.form && accept.json == 0 ? .page : .json
        }
    }
}
