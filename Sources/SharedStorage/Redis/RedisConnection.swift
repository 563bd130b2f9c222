internal import Sessions

/// A connection to the server that holds the sessions, used by one thread.
package final class RedisConnection: EngineConnection {
    /// How long connecting may take, and getting in.
    static let connecting = Duration.seconds(1)

    /// How long the server may take for an answer.
    static let patience = Duration.seconds(2)

    /// The server at the other end.
    let server: RedisServer

    private let stream: RedisStream
    private var hasFailed = false
    /// Whether the server did not answer in time.
    package private(set) var hasTimedOut = false

    /// Connects and gets in.
    ///
    /// - Throws: `unavailable` when there is no server, it does not let us in, or it is none that
    ///   sessions can be kept in.
    init(through door: RedisDoor) throws(StorageError) {
        (stream, server) = try door.open()
    }

    /// Whether nothing has failed on it, and the server has not closed it.
    package var isUsable: Bool { !hasFailed && stream.isQuiet }

    /// Closes it, without a word to the server.
    package func close() {
        hasFailed = true
        stream.close()
    }

    /// Gives a command and waits for the answer.
    func call(_ command: RedisCommand) throws(StorageError) -> RedisReply {
        let replies = try calls([command])
        if case .error(let message) = replies[0] { throw StorageError(redis: message) }
        return replies[0]
    }

    /// Gives commands one behind the other and waits for all answers, errors among them.
    func calls(_ commands: [RedisCommand]) throws(StorageError) -> [RedisReply] {
        let deadline = Deadline(in: Self.patience)
        var replies: [RedisReply] = []
        do throws(StorageError) {
            try send(commands, by: deadline)
            for _ in commands { replies.append(try receive(by: deadline)) }
        } catch {
            hasTimedOut = error == .silentRedis
            throw error
        }
        // A server that is no master any more, or not yet: another one may be by now.
        hasFailed = replies.contains { $0.isOfNoMaster }
        return replies
    }

    /// Sends commands without waiting for answers.
    func send(_ commands: [RedisCommand], by deadline: Deadline) throws(StorageError) {
        try watched { () throws(StorageError) in try stream.send(commands, by: deadline) }
    }

    /// Waits for the next answer, or for what the server tells unasked.
    func receive(by deadline: Deadline) throws(StorageError) -> RedisReply {
        try watched { () throws(StorageError) in try stream.receive(by: deadline) }
    }

    /// Waits for what the server tells unasked; `nil` when nothing came by the deadline.
    func hear(by deadline: Deadline) throws(StorageError) -> RedisReply? {
        do throws(StorageError) {
            return try stream.receive(by: deadline)
        } catch {
            guard error != .silentRedis else { return nil }
            hasFailed = true
            throw error
        }
    }

    private func watched<Value>(
        _ work: () throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        do throws(StorageError) {
            return try work()
        } catch {
            hasFailed = true
            throw error
        }
    }
}
