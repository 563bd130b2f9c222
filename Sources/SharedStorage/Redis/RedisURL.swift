package import Sessions

/// Where a Redis or Valkey server is, and how to get in.
///
/// - `redis://[user[:password]@]host[:port][/db]`, and `rediss://…` with TLS, where the query may
///   name files: `sslrootcert`, `sslcert`, `sslkey`. Without `sslrootcert` the system's authorities
///   are trusted.
/// - `redis+unix:///path[?db=n]`, also `unix:///path`; user and password stand before the path.
/// - `redis+sentinel://[user[:password]@]host[:port],host…/service[/db]`.
///
/// User, password, path and service are percent-encoded (RFC 3986 section 2.1); an IPv6 address
/// stands in brackets.
package struct RedisURL: Hashable, Sendable {
    /// A host and a port.
    package struct Address: Hashable, Sendable {
        /// A name or a numeric address, without brackets.
        package let host: String
        /// The port.
        package let port: UInt16

        /// Joins a host and a port.
        package init(host: String, port: UInt16) {
            self.host = host
            self.port = port
        }
    }

    /// How the server is found.
    package enum Place: Hashable, Sendable {
        /// At an address.
        case address(Address)
        /// At a socket of this machine.
        case socket(path: String)
        /// Where the sentinels say that the master of a service is.
        case service(String, sentinels: [Address])
    }

    /// The files of a TLS connection; those that are `nil` are not named.
    package struct Certificates: Hashable, Sendable {
        /// The authorities that are trusted.
        package var authorities: String?
        /// Our own certificate.
        package var certificate: String?
        /// Its key.
        package var key: String?
    }

    /// How the server is found.
    package let place: Place
    /// The user, where one is named.
    package let user: String?
    /// The password, where there is one.
    package let password: String?
    /// The number of the database.
    package let database: Int
    /// With what TLS is spoken; `nil` without TLS.
    package let certificates: Certificates?

    /// Reads a URL.
    ///
    /// - Throws: `unavailable` with `settings` and what is wrong; nothing of the URL is in that.
    package init(_ text: String) throws(StorageError) {
        guard let (scheme, rest) = text.split(atFirst: "://") else {
            throw Self.refusal(
                "it does not begin with redis://, rediss://, redis+unix://, "
                    + "unix:// or redis+sentinel://"
            )
        }
        let (body, query) = rest.split(atFirst: "?") ?? (rest, "")
        let (authority, path) = Self.parts(of: body)
        let (credentials, hosts) = authority.split(atLast: "@") ?? ("", authority)
        (user, password) = try Self.credentials(credentials)
        var parameters = try Self.parameters(query)
        switch scheme {
        case "redis", "rediss":
            let addresses = try Self.addresses(hosts, port: 6379)
            guard addresses.count == 1 else {
                throw Self.refusal("it names several hosts, which only redis+sentinel:// can")
            }
            place = .address(addresses[0])
            database = try Self.database(String(path.dropFirst()))
        case "redis+unix", "unix":
            guard hosts.isEmpty else {
                throw Self.refusal("the path of the socket must begin with /, after three slashes")
            }
            let file = try Self.decoded(path, "the path")
            guard (2...107).contains(file.utf8.count), !file.utf8.contains(0) else {
                throw Self.refusal("the path of the socket has no length from 2 to 107 bytes")
            }
            place = .socket(path: file)
            database = try Self.database(parameters.removeValue(forKey: "db") ?? "")
        case "redis+sentinel":
            let (service, number) = path.dropFirst().split(atFirst: "/") ?? (path.dropFirst(), "")
            guard !service.isEmpty else {
                throw Self.refusal("it names no service after the hosts")
            }
            place = .service(
                try Self.decoded(service, "the service"),
                sentinels: try Self.addresses(hosts, port: 26379)
            )
            database = try Self.database(String(number))
        default:
            throw Self.refusal(
                "its scheme is not one of redis, rediss, redis+unix, unix and "
                    + "redis+sentinel"
            )
        }
        certificates = try Self.certificates(&parameters, isWanted: scheme == "rediss")
        // Not named: a password with a question mark in it would be taken for parameters.
        guard parameters.isEmpty else { throw Self.refusal("it has a parameter that is not known") }
    }

    /// Whether the server is on this machine, or behind TLS: then nobody on the way can read.
    package var isPrivate: Bool {
        switch place {
        case .socket: true
        case .address(let address): certificates != nil || address.isLoopback
        case .service(_, let sentinels): sentinels.allSatisfy(\.isLoopback)
        }
    }
}

extension RedisURL.Address {
    /// Whether it is an address of this machine.
    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}

extension RedisURL: CustomStringConvertible {
    /// It may hold a password, so it never prints itself.
    package var description: String { "<url of redis>" }
}

extension RedisURL: CustomReflectable {
    package var customMirror: Mirror { Mirror(self, children: []) }
}
