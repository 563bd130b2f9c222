import HTTP
import Testing

/// A route that not everybody may use.
struct GuardedRoute: Sendable, CustomTestStringConvertible {
    /// Who may use it.
    enum Kind: Sendable {
        case session, fresh, administrator
    }

    let kind: Kind
    let method: Method
    /// The path, with `{id}` where there is an id.
    let path: String
    /// The form of its answers, where it has one only.
    var form: AnswerForm?
    /// The page on which its form stands; the path itself where that can be read.
    var back: String?

    var testDescription: String { "\(method.token) \(path)" }

    /// Whether people get pages here.
    var isForPeople: Bool { form != .json && [.get, .post].contains(method) }

    /// The request of a program; `nil` where there are pages only.
    func program(_ id: String, cookie: String?) -> Request? {
        guard form != .page else { return nil }
        let path = path(id)
        return method == .get ? .get(path, cookie: cookie) : .send(method, path, cookie: cookie)
    }

    /// The request of a person with a browser; `nil` where there are no pages.
    func person(_ id: String, cookie: String?) -> Request? {
        guard isForPeople else { return nil }
        let path = path(id)
        return method == .get ? .page(path, cookie: cookie) : .form(path, cookie: cookie)
    }

    /// Where the page that asks for the password again leads, as it stands in a query.
    func next(_ id: String) -> String {
        Percent.encodeQueryValue((back ?? path).replacing("{id}", with: id))
    }

    private func path(_ id: String) -> String {
        path.replacing("{id}", with: id)
    }

    /// Every route that needs a session.
    static let all: [GuardedRoute] = [
        GuardedRoute(kind: .session, method: .get, path: "/me", form: .json),
        GuardedRoute(kind: .session, method: .get, path: "/account"),
        GuardedRoute(kind: .session, method: .get, path: "/account/data", form: .json),
        GuardedRoute(kind: .session, method: .get, path: "/sessions"),
        GuardedRoute(kind: .session, method: .post, path: "/password"),
        GuardedRoute(kind: .session, method: .get, path: "/reauthenticate", form: .page),
        GuardedRoute(kind: .session, method: .post, path: "/reauthenticate"),

        GuardedRoute(kind: .fresh, method: .delete, path: "/account"),
        GuardedRoute(kind: .fresh, method: .get, path: "/account/delete", form: .page),
        GuardedRoute(kind: .fresh, method: .post, path: "/account/delete"),
        GuardedRoute(kind: .fresh, method: .delete, path: "/sessions"),
        GuardedRoute(
            kind: .fresh,
            method: .post,
            path: "/sessions/end-others",
            back: "/sessions"
        ),
        GuardedRoute(kind: .fresh, method: .delete, path: "/sessions/{id}"),
        GuardedRoute(kind: .fresh, method: .post, path: "/sessions/{id}/end", back: "/sessions"),

        GuardedRoute(kind: .administrator, method: .get, path: "/users", form: .json),
        GuardedRoute(kind: .administrator, method: .post, path: "/users", form: .json),
        GuardedRoute(kind: .administrator, method: .get, path: "/users/{id}", form: .json),
        GuardedRoute(kind: .administrator, method: .patch, path: "/users/{id}", form: .json),
        GuardedRoute(kind: .administrator, method: .delete, path: "/users/{id}", form: .json),
        GuardedRoute(kind: .administrator, method: .post, path: "/users/{id}/link", form: .json),
        GuardedRoute(kind: .administrator, method: .get, path: "/users/{id}/sessions", form: .json),
        GuardedRoute(
            kind: .administrator,
            method: .delete,
            path: "/users/{id}/sessions",
            form: .json
        ),
        GuardedRoute(kind: .administrator, method: .get, path: "/admin", form: .page),
        page(.post, "/admin/users", back: "/admin"),
        page(.get, "/admin/users/{id}", back: "/admin/users/{id}"),
        page(.post, "/admin/users/{id}/groups", back: "/admin/users/{id}"),
        page(.post, "/admin/users/{id}/disable", back: "/admin/users/{id}"),
        page(.post, "/admin/users/{id}/enable", back: "/admin/users/{id}"),
        page(.post, "/admin/users/{id}/sessions/end", back: "/admin/users/{id}"),
        page(.post, "/admin/users/{id}/link", back: "/admin/users/{id}"),
        page(.post, "/admin/users/{id}/delete", back: "/admin/users/{id}"),
    ]

    private static func page(_ method: Method, _ path: String, back: String) -> GuardedRoute {
        GuardedRoute(kind: .administrator, method: method, path: path, form: .page, back: back)
    }
}
