internal import CHiredis
internal import Sessions

/// Commands that go to a server and answers that come back, in their order.
///
/// hiredis frames the commands and reads the answers (RESP, version 2); the bytes go through
/// `RedisTransport`. After an error nothing more can be done with it but to close it.
@safe
final class RedisStream {
    private let transport: RedisTransport
    private let reader: UnsafeMutablePointer<redisReader>
    private let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
    /// How many bytes were read since the last answer.
    private var count = 0
    private var isOpen = true

    /// The longest answer in bytes: a thousand times what a hundred sessions are.
    private static let longest = 64 << 20

    /// The most elements of a list in an answer.
    private static var largest: Int32 { 1 << 20 }

    /// Speaks through a transport, which it closes in the end.
    init(_ transport: RedisTransport) throws(StorageError) {
        guard let reader = unsafe redisReaderCreate() else { throw .oddRedis }
        self.transport = transport
        unsafe self.reader = reader
        // hiredis takes memory for a list before its elements have come, as much as is announced.
        unsafe functions.initialize(to: reader.pointee.fn.pointee)
        unsafe functions.pointee.createArray = { task, count in
            guard count <= RedisStream.largest, let task = unsafe task else { return nil }
            let original = unsafe task.pointee.privdata
                .assumingMemoryBound(to: redisReplyObjectFunctions.self)
            return unsafe original.pointee.createArray(task, count)
        }
        unsafe reader.pointee.privdata = UnsafeMutableRawPointer(reader.pointee.fn)
        unsafe reader.pointee.fn = functions
    }

    deinit {
        close()
        unsafe redisReaderFree(reader)
        unsafe functions.deallocate()
    }

    /// Closes it.
    func close() {
        guard isOpen else { return }
        isOpen = false
        transport.close()
    }

    /// Whether nothing has come that nobody asked for, and the server has not closed it.
    var isQuiet: Bool { isOpen && transport.isQuiet }

    /// Sends commands in one piece.
    func send(_ commands: [RedisCommand], by deadline: Deadline) throws(StorageError) {
        guard isOpen else { throw .lostRedis }
        var bytes: [UInt8] = []
        for command in commands { try command.append(to: &bytes) }
        let outcome = unsafe bytes.withUnsafeBytes { bytes in
            Result { () throws(StorageError) in unsafe try transport.send(bytes, by: deadline) }
        }
        try outcome.get()
    }

    /// Receives the next answer.
    func receive(by deadline: Deadline) throws(StorageError) -> RedisReply {
        guard isOpen else { throw .lostRedis }
        while true {
            if let reply = try parsed() {
                count = 0
                return reply
            }
            try read(by: deadline)
        }
    }

    /// Takes the next answer out of what was read; `nil` when it is not whole yet.
    private func parsed() throws(StorageError) -> RedisReply? {
        var reply: UnsafeMutableRawPointer?
        guard unsafe redisReaderGetReply(reader, &reply) == REDIS_OK else { throw .lostRedis }
        guard let reply = unsafe reply else { return nil }
        defer { unsafe freeReplyObject(reply) }
        return unsafe RedisReply(reply.assumingMemoryBound(to: redisReply.self))
    }

    private func read(by deadline: Deadline) throws(StorageError) {
        let outcome = unsafe withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 1) {
            buffer in
            Result { () throws(StorageError) in
                let length = unsafe try transport.receive(into: buffer, by: deadline)
                let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
                count += length
                guard count <= Self.longest,
                    unsafe redisReaderFeed(reader, start, length) == REDIS_OK
                else { throw .lostRedis }
            }
        }
        try outcome.get()
    }
}
