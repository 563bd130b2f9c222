extension Problem {
    /// 400: what was sent cannot be used.
    package static func invalidRequest(_ issues: [InputIssue]) -> Problem {
        var problem = Problem(
            400,
            "invalid-request",
            "Invalid request",
            issues.count == 1
                ? issues[0].message : "Some of what was sent cannot be used."
        )
        problem.issues = issues
        return problem
    }

    /// 401: one answer for every reason a login fails (ASVS 6.3.8).
    package static let invalidCredentials = Problem(
        401,
        "invalid-credentials",
        "Invalid credentials",
        "The name or the password is wrong."
    )

    /// 401: there is no live session.
    package static let authenticationRequired = Problem(
        401,
        "authentication-required",
        "Authentication required",
        "Please log in first."
    )

    /// 403: another site made the request (ASVS 3.5.1).
    package static let crossOrigin = Problem(
        403,
        "cross-origin",
        "Cross-origin request refused",
        "This request came from another site and was refused."
    )

    /// 403: the session is live but not allowed to do this; names the groups of which any would do
    /// when they are known.
    package static func forbidden(missing groups: [String] = []) -> Problem {
        let names = groups.joined(separator: ", ")
        let sentence =
            switch groups.count {
            case 0: "You are not allowed to do this."
            case 1: "This needs membership in the group \(names)."
            default: "This needs membership in one of the groups \(names)."
            }
        return Problem(403, "forbidden", "Forbidden", sentence)
    }

    /// 403: the settings let only administrators make accounts.
    package static let signUpClosed = Problem(
        403,
        "sign-up-closed",
        "Sign-up is closed",
        "Accounts are made by the administrators of this site."
    )

    /// 403: the session is live, but the password was proved too long ago (ASVS 7.5.3).
    package static let reauthenticationRequired = Problem(
        403,
        "reauthentication-required",
        "Please confirm that it is you",
        "This needs your password again."
    )

    /// 404: there is nothing at this path.
    package static let notFound = Problem(
        404,
        "not-found",
        "Not found",
        "There is nothing at this address."
    )

    /// 405: the path exists, but not for this method.
    package static func methodNotAllowed(_ allow: [Method]) -> Problem {
        var problem = Problem(
            405,
            "method-not-allowed",
            "Method not allowed",
            "This address does not know this method."
        )
        problem.allow = allow
        return problem
    }

    /// 409: somebody has this name already.
    package static let usernameTaken: Problem = {
        var problem = Problem(
            409,
            "username-taken",
            "Username taken",
            "This name is taken; please choose another."
        )
        problem.issues = [InputIssue(path: "username", message: problem.sentence)]
        return problem
    }()

    /// 404: the link to set a password was used, is too old, or never was one.
    package static let linkUnusable = Problem(
        404,
        "link-unusable",
        "This link does not work any more",
        "The link was used or is too old. Ask for a new one."
    )

    /// 409: somebody else has changed the account since it was read.
    package static let editConflict = Problem(
        409,
        "edit-conflict",
        "Changed meanwhile",
        "Somebody else has changed this account meanwhile; please look at it again."
    )

    /// 409: nobody would be left who can administer.
    package static let lastAdministrator = Problem(
        409,
        "last-administrator",
        "The last administrator",
        "This is the only account in the group admin that can log in; it has to stay."
    )

    /// 413: the body is over the limit.
    package static let bodyTooLarge = Problem(
        413,
        "body-too-large",
        "Body too large",
        "The request is too large."
    )

    /// 415: the body is of a type that the route does not read.
    package static let unsupportedMediaType = Problem(
        415,
        "unsupported-media-type",
        "Unsupported media type",
        "Send a form or JSON, in UTF-8."
    )

    /// 429: too many tries; `retryAfter` is in seconds.
    package static func tooManyRequests(retryAfter: Int) -> Problem {
        var problem = Problem(
            429,
            "too-many-requests",
            "Too many requests",
            "Too many tries; please wait a moment."
        )
        problem.retryAfter = retryAfter
        return problem
    }

    /// 503: the queue for password hashing is full; `retryAfter` is in seconds.
    package static func busy(retryAfter: Int = 1) -> Problem {
        var problem = Problem(
            503,
            "busy",
            "Busy",
            "The server is busy; please try again in a moment."
        )
        problem.retryAfter = retryAfter
        return problem
    }

    /// 503: the storage failed (ASVS 16.5.2); `retryAfter` is in seconds.
    package static func storageUnavailable(code: String, retryAfter: Int = 5) -> Problem {
        var problem = Problem(
            503,
            "storage-unavailable",
            "Storage unavailable",
            "The server cannot use its storage; please try again later."
        )
        problem.code = code
        problem.retryAfter = retryAfter
        return problem
    }

    /// Tells why the body of a request could not be used.
    package init(_ error: InputError) {
        switch error {
        case .invalid(let issues): self = .invalidRequest(issues)
        case .unsupportedMediaType: self = .unsupportedMediaType
        case .tooLarge: self = .bodyTooLarge
        case .truncated:
            self = .invalidRequest([
                InputIssue(path: "", message: "The request ended before its announced length.")
            ])
        }
    }
}
