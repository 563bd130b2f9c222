package import Sessions

/// How connections to the server are made: where it is, and what is said first.
package struct RedisDoor: Sendable {
    private let url: RedisURL
    private let context: RedisTLSContext?

    /// Prepares to connect to the server of a URL.
    ///
    /// - Throws: `unavailable` with `settings` when a file that the URL names cannot be used.
    package init(_ url: RedisURL) throws(StorageError) {
        self.url = url
        context =
            if let files = url.certificates { try RedisTLSContext(files) } else { nil }
    }

    /// Connects, gets in, and looks what server it is.
    func open() throws(StorageError) -> (RedisStream, RedisServer) {
        let place = try place()
        let deadline = Deadline(in: RedisConnection.connecting)
        let transport = try RedisTransport(to: place, with: context, by: deadline)
        let stream = try RedisStream(transport)
        do throws(StorageError) {
            return (stream, try greet(on: stream, by: deadline))
        } catch {
            stream.close()
            throw error
        }
    }

    private func place() throws(StorageError) -> RedisPlace {
        switch url.place {
        case .address(let address): .address(address)
        case .socket(let path): .socket(path: path)
        case .service(let name, let sentinels):
            .address(try RedisSentinels(sentinels, login: login).master(of: name))
        }
    }

    /// The command that says who we are, where that is asked for.
    private var login: RedisCommand? {
        guard let password = url.password else { return nil }
        return RedisCommand(
            (["AUTH"] + [url.user].compactMap { $0 } + [password]).map { Array($0.utf8) }
        )
    }

    /// Says who we are and asks who it is, in one round trip.
    private func greet(
        on stream: RedisStream,
        by deadline: Deadline
    ) throws(StorageError) -> RedisServer {
        let entering =
            [login].compactMap { $0 }
            + (url.database == 0 ? [] : [RedisCommand("SELECT", "\(url.database)")])
        let asking = [
            RedisCommand("CLIENT", "SETNAME", "coatcheck"), RedisCommand("INFO", "server"),
            RedisCommand("ROLE"),
        ]
        try stream.send(entering + asking, by: deadline)
        for _ in entering {
            if case .error(let message) = try stream.receive(by: deadline) {
                throw StorageError(redis: message)
            }
        }
        // The name is for whoever looks at the list of clients; a server may refuse it.
        _ = try stream.receive(by: deadline)
        let info = try stream.receive(by: deadline)
        let role = try stream.receive(by: deadline)
        return try RedisServer(info: info, role: role)
    }
}
