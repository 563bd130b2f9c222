@testable import Sessions

/// A point in time that tests count from; any would do.
let start = Timestamp(seconds: 1_700_000_000)

/// Limits small enough to reach in a few steps; a use is written every six seconds.
let shortPolicy = SessionPolicy(
    standard: .init(absolute: 600, idle: 60),
    remembered: .init(absolute: 6000, idle: 600),
    sessionsPerAccount: 3
)

/// The device of every session here.
let device = ClientDescription(address: "192.0.2.7", userAgent: "Tests/1.0")

/// Makes the digest whose bytes are all `byte`.
func digest(_ byte: UInt8) throws -> TokenDigest {
    try digest(Array(repeating: byte, count: 32))
}

/// Makes a digest from its bytes.
func digest(_ bytes: [UInt8]) throws -> TokenDigest {
    guard let digest = TokenDigest(bytes: bytes) else { throw FixtureError.badDigest }
    return digest
}

/// Looks a cookie's value up as a request would.
func ticketDigest(_ value: String) -> TokenDigest? {
    ticketDigest(Array(value.utf8))
}

/// Looks the bytes of a cookie's value up as a request would.
func ticketDigest(_ value: [UInt8]) -> TokenDigest? {
    Ticket.digest(of: value.span)
}

/// Makes a person.
func makePrincipal(_ name: String = "ada") -> Principal {
    Principal(id: .random(), username: name, email: nil, groups: ["user"])
}

/// A fixture that cannot be made.
enum FixtureError: Error {
    case badDigest
}

/// A random number generator that a seed determines (SplitMix64).
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// Makes the record of a session.
func storedSession(
    key: TokenDigest,
    userID: PublicID,
    lastSeenAt: Timestamp = start,
    expiresAt: Timestamp = start + 600,
    idleLimit: Int64 = 60
) -> Session {
    Session(
        key: key,
        id: .random(),
        userID: userID,
        createdAt: start,
        authenticatedAt: start,
        lastSeenAt: lastSeenAt,
        expiresAt: expiresAt,
        idleLimit: idleLimit,
        isRemembered: false,
        clientAddress: device.address,
        userAgent: device.userAgent
    )
}
