import HTTP
import Routes
import TestStorage
import Testing

/// A site with the administrator `root`, the account `ada`, and the paths of both.
struct AdministrationScene {
    let counter: Counter
    let root: String
    let ada: String
    let rootPath: String
    let adaPath: String

    init(_ counter: Counter) async throws {
        self.counter = counter
        root = try await counter.administrator()
        ada = try await counter.signUp()
        rootPath = "/users/\(try await counter.id(of: "root"))"
        adaPath = "/users/\(try await counter.id(of: "ada"))"
    }

    init() async throws { try await self.init(try Counter()) }

    func send(_ method: Method, _ path: String, _ body: JSON = [:]) async -> Response {
        await counter.answer(.send(method, path, body, cookie: root))
    }
}
