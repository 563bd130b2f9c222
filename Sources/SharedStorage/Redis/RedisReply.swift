internal import CHiredis
internal import Sessions

/// What a server answers to a command.
enum RedisReply: Hashable, Sendable {
    case bytes([UInt8])
    case number(Int64)
    case none
    case list([RedisReply])
    /// An error, in the server's words; the first is its kind.
    case error(String)

    /// Takes over what hiredis has read.
    init(_ reply: UnsafePointer<redisReply>) {
        let reply = unsafe reply.pointee
        switch unsafe reply.type {
        case REDIS_REPLY_INTEGER:
            self = unsafe .number(reply.integer)
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS:
            self = unsafe .bytes(Self.bytes(of: reply))
        case REDIS_REPLY_ERROR:
            self = unsafe .error(String(decoding: Self.bytes(of: reply), as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            self = .list(
                unsafe (0..<reply.elements).map { index in
                    unsafe reply.element[index].map { unsafe RedisReply($0) } ?? .none
                }
            )
        default:
            self = .none
        }
    }

    private static func bytes(of reply: redisReply) -> [UInt8] {
        unsafe Array(UnsafeRawBufferPointer(start: reply.str, count: reply.len))
    }

    // MARK: errors

    /// The kinds of errors that we tell apart, and our words for them.
    fileprivate static let codes = [
        "NOAUTH": "denied", "WRONGPASS": "denied", "NOPERM": "denied", "READONLY": "read-only",
        "OOM": "full", "MISCONF": "io", "NOREPLICAS": "io", "LOADING": "unreachable",
        "MASTERDOWN": "unreachable", "CLUSTERDOWN": "unreachable", "BUSY": "unreachable",
    ]

    /// The kind of an error: its first word, or, where a script of Redis 6 failed, the one that the
    /// script met; `ERR` for all that we do not tell apart.
    static func kind(ofError message: String) -> String {
        // What Redis 7 says when a script may not do something.
        let refusals = ["The user executing the script can't", "ACL failure in script"]
        guard !refusals.contains(where: message.contains) else { return "NOPERM" }
        let words = message.split(separator: " ").map(String.init)
        let candidates = words.first == "ERR" ? words : Array(words.prefix(1))
        return candidates.first { codes[$0] != nil || $0 == "NOSCRIPT" } ?? "ERR"
    }

    /// Whether it says that the server does not take writes, or has no data, at present.
    var isOfNoMaster: Bool {
        guard case .error(let message) = self else { return false }
        return ["READONLY", "MASTERDOWN", "LOADING"].contains(Self.kind(ofError: message))
    }

    // MARK: what a caller expects

    /// The bytes of a text.
    var bytes: [UInt8] {
        get throws(StorageError) {
            guard case .bytes(let bytes) = self else { throw .oddRedis }
            return bytes
        }
    }

    /// A text.
    var text: String {
        get throws(StorageError) { String(decoding: try bytes, as: UTF8.self) }
    }

    /// A number, which in the answer of a script may stand as text.
    var number: Int64 {
        get throws(StorageError) {
            if case .number(let number) = self { return number }
            let text = try text
            if let number = Int64(text) { return number }
            guard let number = Double(text).flatMap({ Int64(exactly: $0.rounded(.down)) }) else {
                throw .oddRedis
            }
            return number
        }
    }

    /// The parts of an answer.
    var list: [RedisReply] {
        get throws(StorageError) {
            guard case .list(let list) = self else { throw .oddRedis }
            return list
        }
    }

    /// The key of a session.
    var key: TokenDigest {
        get throws(StorageError) {
            guard let key = TokenDigest(bytes: try bytes) else { throw .oddRedis }
            return key
        }
    }
}

extension StorageError {
    /// An answer that no command or script of ours gives.
    static let oddRedis = StorageError.unavailable(
        code: "internal",
        detail: "Redis gave an answer that was not expected"
    )

    /// Says in the words of the contract what a server's error means.
    ///
    /// The detail holds the kind alone: the rest of the text may quote values.
    init(redis message: String) {
        let kind = RedisReply.kind(ofError: message)
        let code = RedisReply.codes[kind] ?? "internal"
        self = .unavailable(code: code, detail: "Redis says \(kind)")
    }
}
