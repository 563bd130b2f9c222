#if SharedEngines
import Foundation
import Sessions
import Storage

@testable import SharedStorage

/// A schema of its own in the test's database, dropped with the value.
final class TestSchema: Sendable {
    /// The name of the schema.
    let name: String
    /// The URL of the database, in which the schema is the only one that is seen.
    let url: String

    init() throws {
        name = "test_" + PublicID.random().bytes.map { String($0, radix: 16) }.joined()
        let base = try Self.base
        let sign = base.contains("?") ? "&" : "?"
        url =
            "\(base)\(sign)application_name=\(name)&options=-c%20search_path%3D\(name)"
        try Self.run("CREATE SCHEMA \(name)", at: base)
    }

    deinit {
        try? Self.run("DROP SCHEMA \(name) CASCADE", at: Self.base)
    }

    /// The URL of the test's database.
    static var base: String {
        get throws {
            guard let url = ProcessInfo.processInfo.environment["COATCHECK_TEST_POSTGRESQL"]
            else {
                throw StorageError.unavailable(
                    code: "settings",
                    detail: "COATCHECK_TEST_POSTGRESQL names no database"
                )
            }
            return url
        }
    }

    /// Opens the storage.
    func open(connections: Int = 4, sessions place: SessionsPlace = .here) throws
        -> PostgreSQLStorage
    {
        try PostgreSQLStorage(
            url: url,
            connections: connections,
            sessions: place
        )
    }

    /// Makes a connection that sees the schema.
    func connect() throws -> PostgreSQLConnection {
        try Self.connect(to: url)
    }

    /// Makes a connection.
    static func connect(to url: String) throws -> PostgreSQLConnection {
        try PostgreSQLClient(url: PostgreSQLURL(url)).connect()
    }

    /// Runs a statement on a connection of its own, in the schema.
    func run(_ sql: String) throws {
        try Self.run(sql, at: url)
    }

    private static func run(_ sql: String, at url: String) throws {
        let connection = try connect(to: url)
        defer { connection.close() }
        try connection.ask(sql)
    }
}
#endif
