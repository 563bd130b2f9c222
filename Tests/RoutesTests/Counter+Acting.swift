import Accounts
import HTTP
import Routes
import Sessions
import TestStorage
import Testing

/// People with more than a session, and a look at everything that is stored.
extension Counter {
    /// Everything that a request could have changed, but for passwords and links.
    struct Stored: Equatable {
        let accounts: [User]
        let sessions: [Session]
    }

    /// What is stored at this moment.
    var stored: Stored {
        get async throws {
            Stored(
                accounts: try await storage.accounts,
                sessions: try await storage.storedSessions
            )
        }
    }

    /// Makes an administrator and returns the cookie.
    func administrator(_ name: String = "root") async throws -> String {
        let cookie = try await signUp(name)
        try await storage.change(name) { $0.with(groups: ["admin"]) }
        return cookie
    }

    /// The public id of an account.
    func id(of name: String) async throws -> String {
        try await account(name).id.text
    }

    /// An account as it is stored.
    func account(_ name: String) async throws -> User {
        try #require(try await storage.accounts.first { $0.username == name })
    }

    /// The public id of the session that a cookie opens.
    func session(of cookie: String) async throws -> String {
        let me = try await answer(.get("/me", cookie: cookie)).json
        return try #require(me["session"]?.text("id"))
    }

    /// Lets the proof of everybody's password grow too old for sensitive actions.
    func makeStale() {
        clock.advance(by: 901)
    }

    /// Whether a password opens an account.
    func opens(_ name: String, with password: String) async -> Bool {
        let fields: JSON = ["username": .string(name), "password": .string(password)]
        return await site.answer(.json("/login", fields)).response.status == 200
    }

    /// Whether a ticket opens nothing: not by the cache alone, which checks ask, and not by
    /// storage, which `/me` asks too.
    func isDead(_ cookie: String) async -> Bool {
        let check = await check(cookie: cookie).status
        let me = await status(with: cookie)
        return check == 401 && me == 401
    }

    /// The events since a number of them.
    func events(after count: Int) -> [String] {
        Array(events.names.dropFirst(count))
    }
}

extension Request {
    /// A request of a program that changes something, with a JSON object.
    static func send(
        _ method: Method,
        _ path: String,
        _ body: JSON = [:],
        cookie: String? = nil
    ) -> Request {
        Request.json(path, body, cookie: cookie).with { $0.method = method }
    }
}
