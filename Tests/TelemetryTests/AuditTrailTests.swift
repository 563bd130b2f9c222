import Telemetry
import Testing

@Suite struct AuditTrailTests {
    private static let origin = Event.Origin(address: "192.0.2.7", requestID: "")

    /// An event that is told apart by its user.
    private func event(_ number: Int) -> Event {
        .loginFailed(user: "\(number)", from: AuditTrailTests.origin)
    }

    @Test func `lines are taken oldest first, so many at most`() {
        let trail = AuditTrail()
        for number in 0..<5 { trail.record(event(number), at: Int64(number)) }
        #expect(trail.take(atMost: 3).map(\.user) == ["0", "1", "2"])
        #expect(trail.take(atMost: 0).isEmpty)
        #expect(trail.take(atMost: -1).isEmpty)
        #expect(trail.take(atMost: 3).map(\.at) == [3, 4])
        #expect(trail.take(atMost: 3).isEmpty)
    }

    @Test func `a full trail drops the newest and counts them once`() {
        let trail = AuditTrail(capacity: 3)
        for number in 0..<5 { trail.record(event(number), at: 0) }
        #expect(trail.count == 3)
        #expect(trail.takeDropped() == 2)
        #expect(trail.takeDropped() == 0)
        #expect(trail.take(atMost: 9).map(\.user) == ["0", "1", "2"])
    }

    @Test func `what could not be written comes first again, and the bound holds`() {
        let trail = AuditTrail(capacity: 3)
        for number in 0..<3 { trail.record(event(number), at: 0) }
        let taken = trail.take(atMost: 2)
        for number in 3..<5 { trail.record(event(number), at: 0) }
        trail.putBack(taken)
        #expect(trail.takeDropped() == 2)
        #expect(trail.take(atMost: 9).map(\.user) == ["0", "1", "2"])
    }

    @Test func `by default 10,000 lines wait`() {
        let trail = AuditTrail()
        for number in 0..<10_005 { trail.record(event(number), at: 0) }
        #expect(trail.count == 10_000)
        #expect(trail.takeDropped() == 5)
    }

    @Test func `an outsider cannot fill the trail`() {
        let trail = AuditTrail()
        for _ in 0..<20_000 {
            trail.record(.suspiciousCookie(reason: .malformed, from: nil), at: 5)
        }
        #expect(trail.count == 100)
        #expect(trail.takeDropped() == 0)
        trail.record(.suspiciousCookie(reason: .malformed, from: nil), at: 15)
        #expect(trail.take(atMost: 101).last?.detail == "reason=malformed suppressed=19900")
    }

    @Test func `events that are not for the trail take no room`() {
        let trail = AuditTrail()
        trail.record(.foreignChangesSeen, at: 0)
        #expect(trail.count == 0)
    }

    @Test func `threads that add, take and put back lose no line and double none`() async {
        let trail = AuditTrail(capacity: 100_000)
        let taken = await withTaskGroup(of: [AuditRecord].self) { group in
            for thread in 0..<4 {
                group.addTask {
                    for number in 0..<2000 { trail.record(event(thread * 2000 + number), at: 0) }
                    return []
                }
                group.addTask {
                    var mine: [AuditRecord] = []
                    for turn in 0..<200 {
                        let batch = trail.take(atMost: 7)
                        if turn % 2 == 0 { trail.putBack(batch) } else { mine += batch }
                    }
                    return mine
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        let all = taken + trail.take(atMost: .max)
        #expect(all.count == 8000)
        #expect(Set(all.map(\.user)).count == 8000)
        #expect(trail.takeDropped() == 0)
    }
}
