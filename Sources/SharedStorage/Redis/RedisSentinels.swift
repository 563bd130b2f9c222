internal import Sessions

/// The sentinels that know which server is the master.
struct RedisSentinels: Sendable {
    private let addresses: [RedisURL.Address]
    private let login: RedisCommand?

    /// How long one of them may take: the others are asked after that.
    private static let patience = Duration.milliseconds(500)

    /// Knows where they are, and how to get in where they ask for that.
    init(_ addresses: [RedisURL.Address], login: RedisCommand?) {
        self.addresses = addresses
        self.login = login
    }

    /// Asks one after the other for the master of a service, until one tells.
    ///
    /// What it tells may be of the past: whoever connects looks at the role of the server.
    func master(of service: String) throws(StorageError) -> RedisURL.Address {
        var failure = StorageError.unavailable(code: "unreachable", detail: "no sentinel is named")
        for address in addresses {
            do throws(StorageError) {
                return try ask(address, for: service)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func ask(
        _ address: RedisURL.Address,
        for service: String
    ) throws(StorageError) -> RedisURL.Address {
        let deadline = Deadline(in: Self.patience)
        let transport = try RedisTransport(to: .address(address), with: nil, by: deadline)
        let stream = try RedisStream(transport)
        defer { stream.close() }
        let question = RedisCommand("SENTINEL", "get-master-addr-by-name", service)
        func answer() throws(StorageError) -> RedisReply {
            try stream.send([question], by: deadline)
            return try stream.receive(by: deadline)
        }
        var reply = try answer()
        if case .error(let message) = reply, message.hasPrefix("NOAUTH"), let login {
            try stream.send([login], by: deadline)
            if case .error(let message) = try stream.receive(by: deadline) {
                throw StorageError(redis: message)
            }
            reply = try answer()
        }
        if case .error(let message) = reply { throw StorageError(redis: message) }
        guard reply != .none else {
            throw .unavailable(
                code: "unreachable",
                detail: "the sentinel knows no master of this service"
            )
        }
        let parts = try reply.list
        guard parts.count == 2, let port = UInt16(exactly: try parts[1].number) else {
            throw .oddRedis
        }
        return RedisURL.Address(host: try parts[0].text, port: port)
    }
}
