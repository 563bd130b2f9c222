import Sessions
import Testing

@Suite struct TimestampTests {
    /// A damaged record must be refused, not stop the program.
    @Test func `no time in storage makes the arithmetic trap`() {
        let ends = [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max].map { Timestamp(seconds: $0) }
        for left in ends {
            for right in ends {
                #expect((left - right >= 0) == (left >= right))
                let sum = left + right.seconds
                #expect(right.seconds < 0 ? sum <= left : sum >= left)
            }
        }
        #expect(
            SessionPolicy.isExpired(
                at: Timestamp(seconds: 1_800_000_000),
                expiresAt: Timestamp(seconds: .max),
                lastSeenAt: Timestamp(seconds: .min),
                idleLimit: .max
            )
        )
    }
}
