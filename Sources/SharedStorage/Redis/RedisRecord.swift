internal import Sessions

/// How a session lies in Redis.
///
/// | byte | what it holds |
/// | ---- | ---- |
/// | 0 | the version of this form: 1 |
/// | 1-16 | the public id |
/// | 17-32 | the id of the user |
/// | 33-40 | the credential version of the password that was proved |
/// | 41-48 | when it began |
/// | 49-56 | when it ends however much it is used |
/// | 57-64 | how many seconds it may stay unused |
/// | 65-72 | when the password was proved |
/// | 73 | 1 when the person asked to be remembered, else 0 |
/// | 74-75 | how long the address is |
/// | 76- | where it began, and then what the browser called itself: UTF-8 |
///
/// Numbers are of eight bytes, but for the length of the address, the highest byte first. The
/// scripts cut out what they need by these places (`Scripts/common.lua`).
enum RedisRecord {
    private static let version: UInt8 = 1
    private static let textStart = 76

    /// The record of a session that begins.
    static func bytes(of session: Session, credentialVersion: Int64) -> [UInt8] {
        let address = Array(session.clientAddress.utf8.prefix(Int(UInt16.max)))
        var bytes = [version] + session.id.bytes + session.userID.bytes
        for number in [
            credentialVersion, session.createdAt.seconds, session.expiresAt.seconds,
            session.idleLimit, session.authenticatedAt.seconds,
        ] {
            append(UInt64(bitPattern: number), of: 8, to: &bytes)
        }
        bytes.append(session.isRemembered ? 1 : 0)
        append(UInt64(address.count), of: 2, to: &bytes)
        return bytes + address + session.userAgent.utf8
    }

    /// Reads a record; `seen` is the time at which the session was last used, where it is known.
    static func session(
        _ bytes: [UInt8],
        key: TokenDigest,
        seen: Timestamp?
    ) throws(StorageError) -> Session {
        guard bytes.first == version else {
            throw .unavailable(
                code: "schema",
                detail: "a session was written by another version of coatcheck"
            )
        }
        guard bytes.count >= textStart, let id = PublicID(bytes: Array(bytes[1..<17])),
            let userID = PublicID(bytes: Array(bytes[17..<33]))
        else { throw damage }
        let texts = bytes[textStart...]
        let length = Int(number(bytes[74..<76]))
        guard length <= texts.count else { throw damage }
        let authenticatedAt = time(bytes[65..<73])
        return Session(
            key: key,
            id: id,
            userID: userID,
            createdAt: time(bytes[41..<49]),
            authenticatedAt: authenticatedAt,
            lastSeenAt: seen ?? authenticatedAt,
            expiresAt: time(bytes[49..<57]),
            idleLimit: number(bytes[57..<65]),
            isRemembered: bytes[73] == 1,
            clientAddress: String(decoding: texts.prefix(length), as: UTF8.self),
            userAgent: String(decoding: texts.dropFirst(length), as: UTF8.self)
        )
    }

    /// The number of the password that a session was begun with, of a record that was read.
    static func credentialVersion(_ bytes: [UInt8]) -> Int64 { number(bytes[33..<41]) }

    private static func append(_ number: UInt64, of count: Int, to bytes: inout [UInt8]) {
        for place in (0..<count).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(place * 8)))
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64 {
        Int64(bitPattern: bytes.reduce(0) { $0 << 8 | UInt64($1) })
    }

    private static func time(_ bytes: ArraySlice<UInt8>) -> Timestamp {
        Timestamp(seconds: number(bytes))
    }

    private static let damage = StorageError.unavailable(
        code: "corrupt",
        detail: "a stored session is damaged"
    )
}
