import HTTP
import Routes
import Telemetry
import TestStorage
import Testing

/// What becomes of the actions of people and administrators when storage fails under them.
@Suite struct HandlerFaultTests {
    /// A request of the administrator `root`, which call of storage fails under it, and when.
    ///
    /// In the path `{id}` is the account `ada`, and `{session}` the only session of `root`.
    struct Fault: Sendable, CustomTestStringConvertible {
        let request: Request
        let call: FlakyStorage.Call
        let during: String

        init(_ request: Request, _ call: FlakyStorage.Call, _ during: String) {
            self.request = request
            self.call = call
            self.during = during
        }

        var isPage: Bool { request.accept == browserAccept }

        var testDescription: String {
            "\(request.method?.token ?? "") \(request.path) \(isPage ? "page" : "JSON") \(call)"
        }
    }

    private static let new = "seven quiet harbours 12"
    private static let token = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

    private static let password: [Fault] = [
        (.user, "password"), (.credentials, "password"), (.findSession, "details"),
        (.changePassword, "password"),
    ].flatMap { call, during in
        [
            Fault(.json("/password", ["current": .password, "new": .string(new)]), call, during),
            Fault(.form("/password", ["current": Counter.password, "new": new]), call, during),
        ]
    }

    private static let reauthentication: [Fault] = [
        (.credentials, "reauthenticate"), (.findSession, "details"), (.replace, "renew"),
    ].flatMap { call, during in
        [
            Fault(.json("/reauthenticate", ["password": .password]), call, during),
            Fault(.form("/reauthenticate", ["password": Counter.password]), call, during),
        ]
    }

    private static let account: [Fault] = [
        Fault(.get("/me"), .findSession, "details"),
        Fault(.page("/account"), .listSessions, "list"),
        Fault(.get("/account/data"), .listSessions, "list"),
        Fault(.get("/account/data"), .user, "data"),
        Fault(.get("/account/data"), .devices, "data"),
        Fault(.send(.delete, "/account"), .delete, "delete"),
        Fault(.form("/account/delete", ["confirm": "on"]), .delete, "delete"),
        Fault(.get("/sessions"), .listSessions, "list"),
        Fault(.send(.delete, "/sessions"), .removeSessions, "end"),
        Fault(.form("/sessions/end-others"), .removeSessions, "end"),
        Fault(.send(.delete, "/sessions/{session}"), .removeSession, "end"),
        Fault(.form("/sessions/{session}/end"), .removeSession, "end"),
        Fault(.page("/set-password", query: "token=\(token)"), .user, "link"),
        Fault(.json("/set-password", ["token": .string(token)]), .user, "link"),
        Fault(.form("/set-password", ["token": token]), .user, "link"),
    ]

    private static let users: [Fault] = [
        Fault(.get("/users"), .users, "users"),
        Fault(.send(.post, "/users", ["username": "grace"]), .credentials, "signup"),
        Fault(.send(.post, "/users", ["username": "grace"]), .insertAccount, "signup"),
        Fault(.get("/users/{id}"), .user, "user"),
        Fault(.send(.patch, "/users/{id}", ["disabled": true]), .edit, "edit"),
        Fault(.send(.patch, "/users/{id}", ["groups": ["a"]]), .edit, "edit"),
        Fault(.send(.delete, "/users/{id}"), .delete, "delete"),
        Fault(.send(.post, "/users/{id}/link"), .user, "user"),
        Fault(.send(.post, "/users/{id}/link"), .insertLink, "link"),
        Fault(.get("/users/{id}/sessions"), .user, "user"),
        Fault(.get("/users/{id}/sessions"), .listSessions, "list"),
        Fault(.send(.delete, "/users/{id}/sessions"), .user, "user"),
        Fault(.send(.delete, "/users/{id}/sessions"), .removeSessions, "end"),
    ]

    private static let pages: [Fault] = [
        Fault(.page("/admin"), .users, "users"),
        Fault(.form("/admin/users", ["username": "grace"]), .credentials, "signup"),
        Fault(.form("/admin/users", ["username": "grace"]), .insertAccount, "signup"),
        Fault(.page("/admin/users/{id}"), .user, "user"),
        Fault(.page("/admin/users/{id}"), .listSessions, "list"),
        Fault(.form("/admin/users/{id}/groups", ["groups": "a"]), .edit, "edit"),
        Fault(.form("/admin/users/{id}/disable"), .edit, "edit"),
        Fault(.form("/admin/users/{id}/enable"), .edit, "edit"),
        Fault(.form("/admin/users/{id}/sessions/end"), .removeSessions, "end"),
        Fault(.form("/admin/users/{id}/link"), .insertLink, "link"),
        Fault(.form("/admin/users/{id}/delete", ["confirm": "on"]), .delete, "delete"),
        Fault(.form("/admin/users/{id}/delete"), .user, "user"),
    ]

    @Test(arguments: password + reauthentication + account + users + pages)
    func `storage that fails is 503, and nothing is done by halves (promise 4, ASVS 16.5.2)`(
        fault: Fault
    ) async throws {
        let counter = try Counter()
        let root = try await counter.administrator()
        let ada = try await counter.signUp()
        let id = try await counter.id(of: "ada")
        // Both sessions are in the cache from here on.
        let session = try await counter.session(of: root)
        #expect(await counter.status(with: ada) == 200)
        let before = try await counter.stored
        let request = fault.request.with {
            $0.cookie = Array(root.utf8)
            $0.path = $0.path.replacing("{id}", with: id).replacing("{session}", with: session)
        }
        let count = counter.events.events.count
        counter.storage.fail([fault.call])
        let response = await counter.answer(request)
        #expect(response.status == 503)
        #expect(response.value(of: "Retry-After") == "5")
        #expect(response.values(of: "Clear-Site-Data").isEmpty)
        #expect(response.isPage == fault.isPage)
        if !fault.isPage {
            #expect(response.slug == "storage-unavailable")
            #expect(try response.json.text("code") == "io")
        }
        #expect(!response.holds("SQLITE"))
        #expect(
            Array(counter.events.events.dropFirst(count)) == [
                .storageFailed(code: "io", detail: "SQLITE_IOERR (10)", during: fault.during)
            ]
        )
        counter.storage.fail([])
        #expect(try await counter.stored == before)
        for cookie in [root, ada] { #expect(await counter.status(with: cookie) == 200) }
        for name in ["root", "ada"] { #expect(await counter.opens(name, with: Counter.password)) }
    }

    @Test(arguments: [true, false])
    func `a link whose password could not be stored works afterwards`(isForm: Bool) async throws {
        let counter = try Counter()
        let root = try await counter.administrator()
        let ada = try await counter.signUp()
        let path = "/users/\(try await counter.id(of: "ada"))/link"
        let link = try await counter.answer(.send(.post, path, cookie: root)).json.text("url")
        let token = String(try #require(link).suffix(43))
        let request: Request =
            isForm
            ? .form("/set-password", ["token": token, "password": Self.new])
            : .json("/set-password", ["token": .string(token), "password": .string(Self.new)])
        counter.storage.fail([.setPassword])
        let refused = await counter.answer(request)
        #expect(refused.status == 503 && refused.isPage == isForm)
        #expect(await counter.status(with: ada) == 200)
        counter.storage.fail([])
        #expect(await counter.opens("ada", with: Counter.password))
        #expect(await counter.answer(request).status < 300)
        #expect(await counter.opens("ada", with: Self.new))
    }

    @Test func `a device that cannot be remembered keeps nobody out`() async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        counter.storage.fail([.remember])
        let login: JSON = ["username": "ada", "password": .password]
        let response = await counter.answer(.json("/login", login))
        #expect(response.status == 200)
        #expect(response.values(of: "Set-Cookie").count == 1)
        #expect(counter.events.names.last == "storage_failed")
    }

    @Test func `not knowing whether a device is known is 503, not a login by guess`() async throws {
        let counter = try Counter()
        _ = try await counter.signUp()
        counter.storage.fail([.isKnown])
        let login: JSON = ["username": "ada", "password": .password]
        let device = "__Host-device=\(Self.token)"
        #expect(await counter.answer(.json("/login", login, cookie: device)).status == 503)
    }
}
