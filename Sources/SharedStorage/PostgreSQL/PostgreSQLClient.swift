internal import Sessions

/// What the connections of one storage have in common.
final class PostgreSQLClient: Sendable {
    /// Where the database is.
    let url: PostgreSQLURL
    /// Whether the sessions are in it too.
    let hasSessions: Bool
    /// Counts the round trips.
    let roundTrips = RoundTrips()

    init(url: PostgreSQLURL, hasSessions: Bool = true) {
        self.url = url
        self.hasSessions = hasSessions
    }

    /// Connects, and asks for what the settings of the server may leave out.
    func connect() throws(StorageError) -> PostgreSQLConnection {
        let connection = try open()
        // What is acknowledged must outlive a crash, whatever is the rule in this database.
        try connection.ask(
            """
            SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') = 'off'
            """
        )
        return connection
    }

    /// Connects and takes the settings of the server as they are.
    func open() throws(StorageError) -> PostgreSQLConnection {
        let raw = unsafe try PostgreSQLConnecting.connect(to: url)
        return unsafe PostgreSQLConnection(raw, client: self)
    }
}
