import Sessions
import Testing

@testable import Accounts

/// What machines that share storage tell each other of failed tries.
@Suite struct ThrottleMergeTests {
    private static let policy = ThrottlePolicy(account: 4)
    private static let ada = ThrottleKey.name("ada")
    private let one = Throttled(policy)
    private let other = Throttled(policy)

    /// What both do each second: write, then read what the others have written.
    private func meet(_ stored: inout [ThrottleKey: ThrottleEntry]) async {
        for machine in [one, other] {
            await machine.write(to: &stored)
            await machine.throttle.merge(Array(stored.values))
        }
        await one.throttle.merge(Array(stored.values))
    }

    @Test func `guesses that go from one machine to the other are counted together (ASVS 6.3.1)`()
        async
    {
        var stored: [ThrottleKey: ThrottleEntry] = [:]
        var looked = 0
        for second in 0..<Int64(20) {
            let machine = second % 2 == 0 ? one : other
            if await machine.fail(Self.ada, at: second) == 0 { looked += 1 }
            await meet(&stored)
        }
        let alone = Throttled(Self.policy)
        var atOne = 0
        for second in 0..<Int64(20) where await alone.fail(Self.ada, at: second) == 0 {
            atOne += 1
        }
        // The first try of each is not written: one alone leaves no trace.
        #expect(looked <= atOne + 1)
        #expect(looked < 20)
    }

    @Test func `a machine keeps what it has counted itself`() async {
        let entry = ThrottleEntry(key: Self.ada, failures: 2, lastTryAt: Throttled.start)
        #expect(await one.failFreely(Self.ada) == 4)
        await one.throttle.merge([entry])
        #expect(await one.fail(Self.ada) > 0)
    }

    @Test func `what was forgiven here does not come back from storage`() async {
        #expect(await one.fail(Self.ada) == 0)
        #expect(await one.fail(Self.ada) == 0)
        #expect(await one.succeed(Self.ada) == 2)
        await one.throttle.merge([
            ThrottleEntry(key: Self.ada, failures: 9, lastTryAt: Throttled.start)
        ])
        #expect(await one.failFreely(Self.ada, at: 1) == 4)
    }

    @Test(arguments: [Int.max, 0, -1, Int.min])
    func `damaged counters do no harm`(failures: Int) async {
        await one.throttle.merge([
            ThrottleEntry(key: Self.ada, failures: failures, lastTryAt: Timestamp(seconds: .max))
        ])
        #expect(await one.fail(Self.ada) <= 900)
        #expect(await one.fail(Self.ada, at: 901) == 0)
    }
}
