import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(10)))
struct SessionPolicyTests {
    /// Seconds since the beginning, seconds since the last use, whether the session is over.
    static let absoluteTable: [(Int64, Int64, Bool)] = [
        (0, 0, false), (1, 0, false), (86_399, 0, false), (86_399, 100, false),
        (86_400, 0, true), (86_401, 0, true), (1_000_000, 0, true), (-5, 0, false),
    ]

    /// Seconds since the last use, whether the session is over.
    static let idleTable: [(Int64, Bool)] = [
        (0, false), (1, false), (28_799, false), (28_800, true), (28_801, true), (86_399, true),
        (-3600, false),
    ]

    @Test(arguments: absoluteTable)
    func `ASVS 7.3.2: the absolute limit ends a session however much it is used`(
        age: Int64,
        unused: Int64,
        isOver: Bool
    ) {
        let now = start + age
        #expect(
            SessionPolicy.isExpired(
                at: now,
                expiresAt: start + 86_400,
                lastSeenAt: now + -unused,
                idleLimit: 28_800
            ) == isOver
        )
    }

    @Test(arguments: idleTable)
    func `ASVS 7.3.1: the idle limit ends a session that is not used`(unused: Int64, isOver: Bool) {
        let session = storedSession(
            key: Ticket.random().digest,
            userID: .random(),
            lastSeenAt: start,
            expiresAt: start + 1_000_000,
            idleLimit: 28_800
        )
        #expect(session.isExpired(at: start + unused) == isOver)
    }

    /// NIST SP 800-63B-4 2.2.3 and 2.1.3, DESIGN's settings.
    @Test func `the limits are a working day, and a month for the remembered`() {
        let policy = SessionPolicy()
        #expect(policy.limits(isRemembered: false) == .init(absolute: 86_400, idle: 28_800))
        #expect(policy.limits(isRemembered: true) == .init(absolute: 2_592_000, idle: 1_209_600))
        #expect(policy.sessionsPerAccount == 100)
    }

    @Test func `each pair of limits is the one that was set`() {
        #expect(shortPolicy.limits(isRemembered: false) == .init(absolute: 600, idle: 60))
        #expect(shortPolicy.limits(isRemembered: true) == .init(absolute: 6000, idle: 600))
    }

    @Test(arguments: [
        (28_800, 60), (1_209_600, 60), (600, 60), (599, 59), (60, 6), (10, 1), (9, 0), (1, 0),
    ])
    func `last-seen times are written each minute, or ten times per idle limit`(
        idle: Int64,
        interval: Int64
    ) {
        #expect(SessionPolicy.touchInterval(idleLimit: idle) == interval)
    }
}
