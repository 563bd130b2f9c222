package import Sessions
internal import Storage

/// What a look at a PostgreSQL server has found.
package struct PostgreSQLHealth: Hashable, Sendable {
    /// The version of the server, such as `15.4`.
    package let serverVersion: String
    /// The encoding of the database; only `UTF8` can be used.
    package let encoding: String
    /// The settings that let what was acknowledged be lost in a crash, by their names.
    package let unsafeSettings: [String]
    /// The version of the tables; `nil` when there are none yet.
    package let schemaVersion: Int64?
    /// How many more connections the server has room for.
    package let freeConnections: Int64

    /// What may lose what was acknowledged, or keep machines out; a sentence for each thing.
    package var warnings: [String] {
        var warnings: [String] = []
        // We ask for synchronous_commit ourselves.
        for name in unsafeSettings where name != "synchronous_commit" {
            warnings.append(
                "\(name) is off: after a crash of the server its data may be damaged. Set on."
            )
        }
        if freeConnections < 10 {
            warnings.append(
                "There is room for \(max(0, freeConnections)) more connections. Raise "
                    + "max_connections, or lower storage.connections."
            )
        }
        return warnings
    }
}

extension PostgreSQLStorage {
    /// Looks at a server, without changing anything.
    ///
    /// - Throws: `unavailable` as when the storage is opened.
    package static func health(
        url: String,
        sessions place: SessionsPlace = .here
    ) throws(StorageError) -> PostgreSQLHealth {
        let client = PostgreSQLClient(url: try PostgreSQLURL(url))
        let connection = try client.open()
        defer { connection.close() }
        let schemaVersion = try PostgreSQLSchema.version(connection)
        do {
            if schemaVersion != nil { _ = try PostgreSQLSchema.known(place, connection) }
            let health = try connection.first(PostgreSQLHealth.sql, []) { row in
                let unsafeSettings = try row.optionalText(at: 2) ?? ""
                return PostgreSQLHealth(
                    serverVersion: try row.optionalText(at: 0) ?? "",
                    encoding: try row.optionalText(at: 1) ?? "",
                    unsafeSettings: unsafeSettings.split(separator: " ").map(String.init),
                    schemaVersion: schemaVersion,
                    freeConnections: try row.integer(at: 3)
                )
            }
            guard let health else { throw StorageError.damaged }
            return health
        } catch {
            throw StorageError(translating: error)
        }
    }
}

extension PostgreSQLHealth {
    /// Those that the server keeps for its administrators do not count as free, and neither does
    /// the one that looks.
    fileprivate static let sql = """
        SELECT current_setting('server_version'), current_setting('server_encoding'),
            (SELECT string_agg(name, ' ' ORDER BY name) FROM pg_settings
                WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')
                    AND setting = 'off'),
            current_setting('max_connections')::bigint
                - current_setting('superuser_reserved_connections')::bigint
                - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
        """
}
