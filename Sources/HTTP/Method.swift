/// A request method that this program knows.
package enum Method: Hashable, Sendable, CaseIterable {
    /// Reads.
    case get
    /// Reads the header section only.
    case head
    /// Submits.
    case post
    /// Replaces.
    case put
    /// Changes in part.
    case patch
    /// Removes.
    case delete
    /// Asks what is possible.
    case options

    /// Recognises a method by its token; `nil` for any other.
    ///
    /// Methods are case-sensitive (RFC 9110 section 9.1): `get` is no method, and so a check that
    /// was made for `GET` cannot be passed by a spelling of it.
    package init?(token: String) {
        switch token {
        case "GET": self = .get
        case "HEAD": self = .head
        case "POST": self = .post
        case "PUT": self = .put
        case "PATCH": self = .patch
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        default: return nil
        }
    }

    /// The token that stands in a request line and in `Allow`.
    package var token: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        }
    }

    /// Says whether the method only reads (RFC 9110 section 9.2.1).
    ///
    /// No handler changes state for a safe method (ASVS 3.5.3).
    package var isSafe: Bool {
        switch self {
        case .get, .head, .options: true
        case .post, .put, .patch, .delete: false
        }
    }
}
