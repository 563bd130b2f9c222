/// How long sessions last, and how many an account may have.
///
/// Pure: time comes in, a decision comes out.
package struct SessionPolicy: Hashable, Sendable {
    /// The two limits of a session, in seconds.
    package struct Limits: Hashable, Sendable {
        /// How long it lasts at most, however much it is used (absolute timeout).
        package let absolute: Int64
        /// How long it lasts without being used (idle timeout).
        package let idle: Int64

        /// Creates a pair of limits.
        package init(absolute: Int64, idle: Int64) {
            self.absolute = absolute
            self.idle = idle
        }
    }

    /// Limits without "remember me": 24 h and 8 h, a working day (NIST SP 800-63B-4 2.2.3 allows
    /// 24 h overall; its one hour of idleness is for higher assurance than a password gives).
    package let standard: Limits
    /// Limits with it: 30 days and 14 days (NIST SP 800-63B-4 2.1.3: overall at most 30 days).
    package let remembered: Limits
    /// The most live sessions of one account; the one used least recently ends (ASVS 7.1.2).
    package let sessionsPerAccount: Int

    /// How far the stored last-seen time may lag behind, in seconds: one write a minute and
    /// session, whatever the number of requests.
    package static let touchInterval: Int64 = 60

    /// Creates a policy.
    package init(
        standard: Limits = Limits(absolute: 86_400, idle: 28_800),
        remembered: Limits = Limits(absolute: 2_592_000, idle: 1_209_600),
        sessionsPerAccount: Int = 100
    ) {
        self.standard = standard
        self.remembered = remembered
        self.sessionsPerAccount = sessionsPerAccount
    }

    /// The limits that a session with or without "remember me" gets.
    package func limits(isRemembered: Bool) -> Limits {
        isRemembered ? remembered : standard
    }

    /// Whether a session is over at a time.
    ///
    /// A limit of n seconds ends with the n-th.
    package static func isExpired(
        at now: Timestamp,
        expiresAt: Timestamp,
        lastSeenAt: Timestamp,
        idleLimit: Int64
    ) -> Bool {
        now >= expiresAt || now - lastSeenAt >= idleLimit
    }

    /// How often the last-seen time of a session must be written so that a crash between two
    /// writes cannot end it early by more than a tenth of its idle limit.
    package static func touchInterval(idleLimit: Int64) -> Int64 {
        min(touchInterval, idleLimit / 10)
    }
}

extension Session {
    /// Whether the session is over at a time.
    package func isExpired(at now: Timestamp) -> Bool {
        SessionPolicy.isExpired(
            at: now,
            expiresAt: expiresAt,
            lastSeenAt: lastSeenAt,
            idleLimit: idleLimit
        )
    }
}
