package import Sessions
internal import Storage

/// Where the sessions of the accounts in a PostgreSQL database are.
///
/// The database remembers it. If every program went by its own settings, a session that was left
/// behind at one place would live again when the settings are changed back, whatever happened to
/// its account meanwhile; and a command that does not know of Redis would tell it nothing.
package enum SessionsPlace: Hashable, Sendable {
    /// In the database itself.
    case here
    /// In Redis, under keys that begin with a prefix.
    case redis(prefix: String)

    /// The place in words, as the database remembers it.
    var words: String {
        switch self {
        case .here: "PostgreSQL"
        case .redis(let prefix): "Redis, sessions.prefix \(prefix)"
        }
    }
}

extension PostgreSQLSchema {
    /// Looks whether the sessions are at a place, and takes it for theirs when there is none yet.
    ///
    /// - Returns: a random word that is another after each change of the place: part of the names
    ///   of keys in Redis, so that what was left there is not found again.
    /// - Throws: `unavailable` with `settings` when they are somewhere else.
    static func claim(
        _ place: SessionsPlace,
        _ connection: PostgreSQLConnection
    ) throws(StorageError) -> String {
        try connection.transact(locking: [lock]) { connection in
            try known(place, connection) ?? note(place, connection)
        }
    }

    /// The random word of a place, when the sessions are there; `nil` when they have none yet.
    ///
    /// - Throws: `unavailable` with `settings` when they are somewhere else.
    static func known(_ place: SessionsPlace, _ connection: PostgreSQLConnection) throws -> String?
    {
        let known = try connection.first(
            "SELECT place, generation FROM sessions_place",
            []
        ) { row in (place: try row.text(at: 0), generation: try row.text(at: 1)) }
        guard let known else { return nil }
        guard known.place == place.words else {
            throw StorageError.unavailable(
                code: "settings",
                detail: "the sessions of these accounts are in \(known.place), and the "
                    + "settings say \(place.words); correct them, or end all sessions and "
                    + "change the place by `coatcheck session relocate`"
            )
        }
        return known.generation
    }

    /// Ends every session, and lets them be at another place from now on.
    ///
    /// - Returns: how many sessions ended in the database; those in Redis are not counted.
    static func relocate(
        to place: SessionsPlace,
        _ connection: PostgreSQLConnection
    ) throws(StorageError) -> Int {
        try connection.unhurried(
            .seconds(60),
            beginning: ["LOCK TABLE sessions IN SHARE ROW EXCLUSIVE MODE"]
        ) { connection in
            let ended = try connection.change("DELETE FROM sessions", [])
            try connection.run("DELETE FROM sessions_place")
            try connection.run("DELETE FROM changed_users")
            _ = try note(place, connection)
            return ended
        }
    }

    private static func note(
        _ place: SessionsPlace,
        _ connection: PostgreSQLConnection
    ) throws -> String {
        let generation = String(PublicID.random().text.prefix(6))
        try connection.run(
            "INSERT INTO sessions_place (place, generation) VALUES (?, ?)",
            [.text(place.words), .text(generation)]
        )
        return generation
    }
}

extension PostgreSQLStorage {
    /// Ends every session, and lets them be at another place from now on; the servers must be
    /// stopped.
    ///
    /// - Returns: how many sessions ended in the database; those in Redis are not counted.
    package static func relocateSessions(
        of url: String,
        to place: SessionsPlace
    ) throws(StorageError) -> Int {
        let connection = try PostgreSQLClient(url: try PostgreSQLURL(url)).connect()
        defer { connection.close() }
        try PostgreSQLSchema.bringUpToDate(connection)
        return try PostgreSQLSchema.relocate(to: place, connection)
    }
}
