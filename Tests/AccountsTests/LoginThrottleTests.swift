import Sessions
import Testing

@testable import Accounts

/// What somebody who tries passwords meets.
@Suite(.timeLimit(.minutes(10)))
struct LoginThrottleTests {
    private static let network = ThrottleKey.network(Network(address: "192.0.2.1"))
    private let ada = ThrottleKey.name("ada")

    @Test func `ASVS 6.3.1, NIST 3.2.2: delays double after the free tries, up to the longest`()
        async
    {
        let throttled = Throttled(ThrottlePolicy(account: 3, longest: 20))
        var now: Int64 = 0
        var delays: [Int] = []
        for _ in 0..<12 {
            let delay = await throttled.fail(ada, at: now)
            delays.append(delay)
            // Whoever knocks a second too early is refused, whoever waits is not.
            if delay > 0 {
                #expect(await throttled.fail(ada, at: now + Int64(delay) - 1) == 1)
                now += Int64(delay)
                #expect(await throttled.fail(ada, at: now) == 0)
            }
        }
        #expect(delays == [0, 0, 0, 1, 2, 4, 8, 16, 20, 20, 20, 20])
    }

    @Test func `a refused try is not counted and prolongs nothing`() async {
        let throttled = Throttled(ThrottlePolicy(account: 1, longest: 900))
        for now in [0, 1, 3, 7] as [Int64] { #expect(await throttled.fail(ada, at: now) == 0) }
        for now in 7..<15 as Range<Int64> {
            for _ in 0..<100 { #expect(await throttled.fail(ada, at: now) == Int(15 - now)) }
        }
        #expect(await throttled.fail(ada, at: 15) == 0)
        #expect(await throttled.fail(ada, at: 15) == 16)
    }

    @Test func `a counter is forgotten some time after its last try, and not before`() async {
        let policy = ThrottlePolicy(account: 3, longest: 4, forget: 100)
        for (rest, free) in [(99, 1), (100, 3)] as [(Int64, Int)] {
            let throttled = Throttled(policy)
            #expect(await throttled.failFreely(ada) == 3)
            #expect(await throttled.failFreely(ada, at: rest) == free)
        }
    }

    @Test func `a counter is not forgotten while it delays`() async {
        let throttled = Throttled(ThrottlePolicy(account: 1, longest: 900, forget: 1))
        var now: Int64 = 0
        for _ in 0..<15 {
            #expect(await throttled.fail(ada, at: now) == 0)
            now += Int64(await throttled.fail(ada, at: now))
        }
        #expect(await throttled.fail(ada, at: now - 1) == 1)
        #expect(await throttled.failFreely(ada, at: now) == 1)
    }

    @Test func `NIST 3.2.2: the guesses at one account are as many as the policy's comment says`()
        async
    {
        // Default numbers; then those that come nearest to the cap.
        let cases: [(ThrottlePolicy, day: Int, later: Int, year: Int)] = [
            (ThrottlePolicy(), 114, 96, 35_058),
            (ThrottlePolicy(longest: 86_400, forget: 31_536_000), 26, 1, 390),
        ]
        for (policy, day, later, year) in cases {
            let throttled = Throttled(policy)
            var times: [Int64] = []
            var now: Int64 = 0
            while now < 365 * 86_400 {
                let delay = await throttled.fail(ada, at: now)
                if delay == 0 { times.append(now) } else { now += Int64(delay) }
            }
            #expect(times.filter { $0 < 86_400 }.count == day)
            #expect(times.filter { (172_800..<259_200).contains($0) }.count == later)
            #expect(times.count == year)
        }
    }

    @Test func `64 tries at once gain nothing over one after the other`() async {
        let throttled = Throttled(ThrottlePolicy(account: 5))
        let waits = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<64 { group.addTask { await throttled.fail(ada, Self.network) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(waits.filter { $0 == 0 }.count == 5)
        #expect(waits.filter { $0 == 1 }.count == 59)
    }

    @Test func `NIST 3.2.2: a right password resets the counter of the account`() async {
        let throttled = Throttled(ThrottlePolicy(account: 3))
        for _ in 0..<2 { _ = await throttled.fail(ada, Self.network) }
        #expect(await throttled.succeed(ada, Self.network) == 2)
        #expect(await throttled.succeed(ada, Self.network) == 0)
        #expect(await throttled.failFreely(ada, Self.network) == 3)
    }

    @Test func `nobody wipes out the failures of a network with an account of their own`() async {
        let throttled = Throttled(ThrottlePolicy(network: 3))
        let own = ThrottleKey.name("mallory")
        for name in ["ada", "bob", "carl"] {
            #expect(await throttled.fail(.name(name), Self.network) == 0)
            if name != "carl" { #expect(await throttled.succeed(own, Self.network) != nil) }
        }
        #expect(await throttled.succeed(own, Self.network) == nil)
        #expect(await throttled.fail(.name("dora"), Self.network) == 1)
    }

    @Test(arguments: [true, false])
    func `a try that is taken back leaves the delay as it was`(isBusy: Bool) async {
        let throttled = Throttled(ThrottlePolicy(network: 1))
        for now in [0, 1, 3, 7] as [Int64] {
            #expect(await throttled.fail(Self.network, at: now) == 0)
        }
        // The next may come at 15; it is right, or meets a busy server, and so may one after it.
        if isBusy {
            #expect(await throttled.meetBusy(Self.network, at: 15))
        } else {
            #expect(await throttled.succeed(Self.network, at: 15) == 4)
        }
        #expect(await throttled.fail(Self.network, at: 15) == 0)
        #expect(await throttled.fail(Self.network, at: 15) == 16)
    }

    @Test func `taking back more than there is leaves nothing`() async {
        let throttled = Throttled()
        await throttled.throttle.withdrawn([ada], at: Throttled.start)
        #expect(await throttled.meetBusy(ada))
        await throttled.throttle.withdrawn([ada, ada], at: Throttled.start)
        #expect(await throttled.throttle.count == 0)
        #expect(await throttled.failFreely(ada) == ThrottlePolicy().account)
    }

    @Test func `a try that one counter refuses is counted by none`() async {
        let throttled = Throttled(ThrottlePolicy(account: 2, network: 4))
        #expect(await throttled.failFreely(ada, Self.network) == 2)
        #expect(await throttled.failFreely(.name("bob"), Self.network) == 2)
        #expect(await throttled.fail(.name("carl"), Self.network) == 1)
        let there = ThrottleKey.network(Network(address: "192.0.2.2"))
        #expect(await throttled.failFreely(.name("carl"), there) == 2)
    }

    @Test func `the longest of several waits is said, with its kind`() async {
        let throttled = Throttled(ThrottlePolicy(account: 1, network: 1))
        for now in [0, 1, 3] as [Int64] { _ = await throttled.fail(Self.network, at: now) }
        _ = await throttled.fail(ada, at: 3)
        let keys = [ada, Self.network]
        let admission = await throttled.throttle.admit(keys, at: Throttled.start + 3)
        #expect(admission == .wait(.network, seconds: 4))
    }

    @Test(arguments: [-1, -86_400, -1_000_000_000_000, Int64.min] as [Int64])
    func `a clock that is set back delays by no more than the rule`(jump: Int64) async {
        let throttled = Throttled(ThrottlePolicy(account: 1, longest: 60))
        for now in [0, 1, 3, 7] as [Int64] { #expect(await throttled.fail(ada, at: now) == 0) }
        #expect(await throttled.fail(ada, at: jump) == 8)
        #expect(await throttled.fail(ada, at: jump + 8) == 0)
    }

    @Test func `a clock that jumps to the end of time stops nothing`() async {
        let throttled = Throttled(ThrottlePolicy(account: 1))
        for now in [0, .max, .min, 0, .max] as [Int64] {
            for _ in 0..<3 { #expect(await throttled.fail(ada, at: now) <= 900) }
        }
    }

    @Test func `other numbers hold at the next try`() async {
        let throttled = Throttled(ThrottlePolicy(account: 3))
        #expect(await throttled.failFreely(ada) == 3)
        await throttled.throttle.updatePolicy(ThrottlePolicy(account: 5))
        #expect(await throttled.failFreely(ada) == 2)
        await throttled.throttle.updatePolicy(ThrottlePolicy(account: 1, longest: 3))
        #expect(await throttled.fail(ada) == 3)
    }

    @Test func `every kind has its own number of free tries`() async throws {
        let policy = ThrottlePolicy(account: 2, device: 3, network: 4, signUp: 5)
        let id = PublicID.random()
        let device = try #require(TokenDigest(bytes: id.bytes + id.bytes))
        let network = Network(address: "192.0.2.1")
        let throttled = Throttled(policy)
        #expect(await throttled.failFreely(.name("ada")) == 2)
        #expect(await throttled.failFreely(.device(device)) == 3)
        #expect(await throttled.failFreely(.holder(id)) == 3)
        #expect(await throttled.failFreely(.network(network)) == 4)
        #expect(await throttled.failFreely(.signUp(network)) == 5)
    }
}
