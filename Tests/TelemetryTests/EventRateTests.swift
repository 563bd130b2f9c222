import Synchronization
import Testing

@testable import Telemetry

@Suite struct EventRateTests {
    @Test func `100 pass in ten seconds and the next one says how many did not`() {
        let rate = EventRate()
        for _ in 0..<100 { #expect(rate.pass(.unknownPolicy, at: 1005) == 0) }
        for _ in 0..<57 { #expect(rate.pass(.unknownPolicy, at: 1009) == nil) }
        #expect(rate.pass(.unknownPolicy, at: 1010) == 57)
        #expect(rate.pass(.unknownPolicy, at: 1010) == 0)
    }

    @Test func `names do not take each other's room`() {
        let rate = EventRate()
        for _ in 0..<200 { _ = rate.pass(.suspiciousCookie, at: 5) }
        #expect(rate.pass(.suspiciousCookie, at: 5) == nil)
        #expect(rate.pass(.endedTicketUsed, at: 5) == 0)
    }

    @Test func `every attempt to log in passes (ASVS 16.3.1)`() {
        let rate = EventRate()
        for name in [EventName.loginFailed, .loginSucceeded, .loginSucceededAfterFailures] {
            for _ in 0..<1000 { #expect(rate.pass(name, at: 5) == 0) }
        }
    }

    @Test func `a late thread gains nothing, and a clock set back holds nothing up`() {
        let rate = EventRate()
        for _ in 0..<100 { #expect(rate.pass(.accessDenied, at: 100_000) == 0) }
        #expect(rate.pass(.accessDenied, at: 99_999) == nil)
        #expect(rate.pass(.accessDenied, at: 100_000) == nil)
        #expect(rate.pass(.accessDenied, at: 5000) == 2)
        for seconds in [Int64.min, -1, .max] { _ = rate.pass(.accessDenied, at: seconds) }
    }

    @Test func `many threads pass no more than one would, and none is lost`() async throws {
        let rate = EventRate()
        let (passed, held, told) = (Counter(), Counter(), Counter())
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        guard let before = rate.pass(.storageFailed, at: 5) else {
                            held.add()
                            continue
                        }
                        passed.add()
                        told.add(UInt64(before))
                    }
                }
            }
        }
        #expect(passed.value == 100)
        #expect(held.value == 79_900)
        // One that passed late may have told already of those that were held back beside it.
        let rest = try #require(rate.pass(.storageFailed, at: 15))
        #expect(told.value + UInt64(rest) == 79_900)
    }

    @Test func `the log holds back a flood and says so`() async {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardErrorContent]
        ) {
            let log = EventLog(threshold: .debug, hasPriorities: false)
            for _ in 0..<1000 { log.record(.unknownPolicy(name: "x")) }
            log.record(.changeFeedLost)
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        let flood = text.split(separator: "\n").filter { $0.contains("event=policy_unknown") }
        // Two spans when the clock moves on meanwhile.
        #expect((100...200).contains(flood.count))
        #expect(text.contains("event=change_feed_lost"))
        let line = EventLog.line(
            .unknownPolicy(name: "x"),
            at: 0,
            hasPriority: false,
            suppressed: 900
        )
        #expect(line.hasSuffix(" policy=x suppressed=900\n"))
    }
}
