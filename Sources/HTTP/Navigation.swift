extension Request {
    /// Says whether a person is going to a page, as opposed to a script fetching something.
    ///
    /// A navigation without a session is sent to the login page; anything else gets 401, since a
    /// script can do nothing with the HTML of a login page. Following a link and posting a form
    /// are navigations; PUT, PATCH and DELETE never are, because browsers send these from scripts
    /// only.
    ///
    /// `Sec-Fetch-Mode` decides where it is sent, together with `Sec-Fetch-Dest`: a document or a
    /// frame, but not an image, a script or a worker. A client that does not send it navigates
    /// when it names `text/html` in `Accept` and no `X-Requested-With`.
    package var isNavigation: Bool {
        guard method == .get || method == .head || method == .post else { return false }
        if let secFetchMode {
            return secFetchMode == "navigate" && Self.isFrame(secFetchDest)
        }
        if let secFetchDest, !Self.isFrame(secFetchDest) { return false }
        guard requestedWith == nil, Accept(accept).prefersPage else { return false }
        return method != .post || isFormPost
    }

    private static func isFrame(_ destination: String?) -> Bool {
        switch destination {
        case nil, "document", "iframe", "frame": true
        default: false
        }
    }

    /// Says whether the body is of a type that a form without scripts can send (HTML, `enctype`).
    private var isFormPost: Bool {
        switch contentType.flatMap({ MediaType($0) })?.essence {
        case MediaType.form, "multipart/form-data", "text/plain": true
        default: false
        }
    }
}
