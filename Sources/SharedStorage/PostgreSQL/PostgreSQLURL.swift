internal import CPostgreSQL
package import Sessions

/// Where a PostgreSQL database is and how to sign in there, as libpq understands it.
///
/// A URL may name several hosts; each becomes a set of parameters of its own, so that they can be
/// tried side by side (`PostgreSQLConnecting`). What the URL leaves out comes from libpq: its
/// environment, service and password files.
package struct PostgreSQLURL: Sendable {
    /// The parameters of each host, in the order of the URL.
    let hosts: [[String: String]]

    /// Reads a URL: `postgresql://user:password@host:port,host:port/database?parameter=value`.
    ///
    /// What libpq says of a URL can quote it, password and all, so it is never passed on.
    ///
    /// - Throws: `unavailable` with `settings` when it cannot be used.
    package init(_ text: String) throws(StorageError) {
        guard text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") else {
            throw Self.refusal("it must begin with postgresql://")
        }
        guard let parameters = Self.parameters(of: text) else {
            throw Self.refusal("libpq cannot read it")
        }
        let (hosts, ports) = (Self.list(parameters["host"]), Self.list(parameters["port"]))
        let addresses = Self.list(parameters["hostaddr"])
        let isOdd =
            hosts.contains { $0.contains("@") || ($0.contains("/") && !$0.hasPrefix("/")) }
            || ports.contains { UInt16($0) == nil && !$0.isEmpty }
            || parameters["dbname"]?.contains("@") == true
        guard !isOdd else {
            throw Self.refusal("host, port or database cannot be right; is the password encoded?")
        }
        let count = max(hosts.count, addresses.count)
        guard ports.count <= 1 || ports.count == count,
            hosts.isEmpty || addresses.isEmpty || hosts.count == addresses.count
        else { throw Self.refusal("it does not name as many ports as hosts") }
        self.hosts = (0..<max(1, count)).map { index in
            var own = parameters
            own["host"] = hosts.isEmpty ? nil : hosts[index]
            own["hostaddr"] = addresses.isEmpty ? nil : addresses[index]
            own["port"] = ports.count > 1 ? ports[index] : ports.first
            return Self.completed(own)
        }
    }

    /// Takes the parameters of each host.
    init(hosts: [[String: String]]) {
        self.hosts = hosts
    }

    /// Adds what every connection of ours asks for.
    private static func completed(_ given: [String: String]) -> [String: String] {
        var parameters = given
        parameters["application_name"] = given["application_name"] ?? "coatcheck"
        parameters["client_encoding"] = "UTF8"
        // Whether a server can be written to is looked at by ourselves, of each host.
        parameters["target_session_attrs"] = "any"
        parameters["options"] = ([options] + [given["options"]].compactMap { $0 })
            .joined(separator: " ")
        return parameters
    }

    /// What the server is told of a session, in milliseconds, before what the URL says itself.
    ///
    /// A statement, or a wait for a lock, is given up by the server before the connection gives up
    /// the server (`PostgreSQLConnection.patience`). A transaction of a machine that was cut off in
    /// the middle of it is given up after five seconds.
    private static let options = """
        -c statement_timeout=1800 -c lock_timeout=1500 \
        -c idle_in_transaction_session_timeout=5000
        """

    private static func parameters(of text: String) -> [String: String]? {
        guard let options = unsafe PQconninfoParse(text, nil) else { return nil }
        defer { unsafe PQconninfoFree(options) }
        var parameters: [String: String] = [:]
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe parameters[String(cString: keyword)] = String(cString: value)
            }
            unsafe option += 1
        }
        return parameters
    }

    private static func list(_ text: String?) -> [String] {
        guard let text else { return [] }
        return text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    private static func refusal(_ reason: String) -> StorageError {
        .unavailable(code: "settings", detail: "the URL of PostgreSQL: \(reason)")
    }
}
