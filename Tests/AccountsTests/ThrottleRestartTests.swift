import Sessions
import Testing

@testable import Accounts

/// What is left of the counters after a restart.
@Suite struct ThrottleRestartTests {
    private static let ada = ThrottleKey.name("ada")
    private static let policy = ThrottlePolicy(account: 2, network: 3)

    @Test func `a delay goes on after a restart`() async {
        let throttled = Throttled(Self.policy)
        for now in [0, 0, 1, 3, 7] as [Int64] {
            #expect(await throttled.fail(Self.ada, at: now) == 0)
        }
        var stored: [ThrottleKey: ThrottleEntry] = [:]
        await throttled.write(to: &stored)
        let after = await throttled.restarted(Self.policy, from: stored)
        #expect(await after.fail(Self.ada, at: 8) == 7)
        #expect(await after.fail(Self.ada, at: 15) == 0)
        #expect(await after.fail(Self.ada, at: 15) == 16)
    }

    @Test func `a right password is remembered across a restart`() async {
        let throttled = Throttled(Self.policy)
        var stored: [ThrottleKey: ThrottleEntry] = [:]
        #expect(await throttled.failFreely(Self.ada) == 2)
        await throttled.write(to: &stored)
        #expect(stored[Self.ada]?.failures == 2)
        #expect(await throttled.succeed(Self.ada, at: 1) == 2)
        // A try after it does not make the removal forgotten.
        #expect(await throttled.fail(Self.ada, at: 1) == 0)
        await throttled.write(to: &stored)
        #expect(stored.isEmpty)
    }

    @Test func `what is typed into the field for the name once is not stored`() async {
        let throttled = Throttled()
        #expect(await throttled.fail(.name("kJ8#mP2x")) == 0)
        #expect(await throttled.throttle.unwritten().isEmpty)
        #expect(await throttled.fail(.name("bob")) == 0)
        #expect(await throttled.meetBusy(.name("bob")))
        var stored: [ThrottleKey: ThrottleEntry] = [:]
        await throttled.write(to: &stored)
        #expect(stored.isEmpty)
    }

    @Test func `a change made while a batch is written is written again`() async {
        let throttled = Throttled()
        for _ in 0..<2 { _ = await throttled.fail(Self.ada) }
        let batch = await throttled.throttle.unwritten()
        _ = await throttled.fail(Self.ada)
        await throttled.throttle.confirm(batch)
        #expect(await throttled.throttle.unwritten().map(\.failures) == [3])
        await throttled.throttle.confirm(await throttled.throttle.unwritten())
        #expect(await throttled.throttle.unwritten().isEmpty)
    }

    @Test func `what is known already is newer than what storage holds`() async {
        let throttled = Throttled(Self.policy)
        let old = ThrottleEntry(key: Self.ada, failures: 9, lastTryAt: Throttled.start)
        #expect(await throttled.fail(Self.ada) == 0)
        await throttled.throttle.load([old])
        #expect(await throttled.fail(Self.ada) == 0)
        #expect(await throttled.succeed(Self.ada, at: 1) == 2)
        await throttled.throttle.load([old])
        #expect(await throttled.failFreely(Self.ada, at: 1) == 2)
    }

    @Test func `what storage holds beyond the capacity is left out, the oldest first`() async {
        let entries = (0..<1000).map { number in
            ThrottleEntry(
                key: .name("user\(number)"),
                failures: 20,
                lastTryAt: Throttled.start + Int64(-number)
            )
        }
        let throttled = Throttled(Self.policy, capacity: 1000)
        await throttled.throttle.load(entries)
        #expect(await throttled.throttle.count <= 100)
        for entry in entries.prefix(50) { #expect(await throttled.fail(entry.key) > 0) }
        #expect(await throttled.fail(entries[999].key) == 0)
    }

    @Test(
        arguments: [
            (Int.max, 0), (Int.max, Int64.max), (Int.max, Int64.min), (1_000_000, 0),
            (3, Int64.max),
            (3, 4_000_000_000),
        ] as [(Int, Int64)]
    )
    func `damaged counters delay by no more than the longest`(failures: Int, time: Int64) async {
        let throttled = Throttled(Self.policy)
        let entry = ThrottleEntry(
            key: Self.ada,
            failures: failures,
            lastTryAt: Timestamp(seconds: time)
        )
        await throttled.throttle.load([entry])
        let delay = await throttled.fail(Self.ada)
        #expect(delay <= 900)
        for now in [901, 1802, 2703] as [Int64] {
            #expect(await throttled.fail(Self.ada, at: now) == 0)
        }
    }

    @Test(arguments: [0, -1, Int.min])
    func `counters without failures are none`(failures: Int) async {
        let throttled = Throttled(Self.policy)
        let time = Throttled.start
        await throttled.throttle.load([
            ThrottleEntry(key: Self.ada, failures: failures, lastTryAt: time)
        ])
        #expect(await throttled.throttle.count == 0)
        #expect(await throttled.failFreely(Self.ada) == 2)
    }
}
