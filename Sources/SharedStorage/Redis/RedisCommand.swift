internal import CHiredis
internal import Sessions

/// A command for a server: words that may hold any bytes.
struct RedisCommand: Sendable {
    /// The words.
    let words: [[UInt8]]

    /// Joins words.
    init(_ words: [[UInt8]]) {
        self.words = words
    }

    /// Joins words that are text.
    init(_ words: String...) {
        self.words = words.map { Array($0.utf8) }
    }

    /// Adds the command as it is sent (hiredis).
    func append(to bytes: inout [UInt8]) throws(StorageError) {
        let sizes = words.map(\.count)
        var lengths = sizes
        // One piece of memory in which all words lie, so that each has an address.
        var memory = Array(words.joined())
        memory.append(0)
        var command: UnsafeMutablePointer<CChar>?
        let count = unsafe memory.withUnsafeMutableBytes { memory in
            var starts = unsafe [UnsafePointer<CChar>?]()
            var offset = 0
            for length in sizes {
                let start = unsafe memory.baseAddress.map { unsafe UnsafeRawPointer($0 + offset) }
                unsafe starts.append(start?.assumingMemoryBound(to: CChar.self))
                offset += length
            }
            return unsafe redisFormatCommandArgv(
                &command,
                Int32(words.count),
                &starts,
                &lengths
            )
        }
        guard let command = unsafe command, count > 0 else { throw .oddRedis }
        defer { unsafe redisFreeCommand(command) }
        unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: command, count: Int(count)))
    }
}
