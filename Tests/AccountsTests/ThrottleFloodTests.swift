import Sessions
import Testing

@testable import Accounts

/// What floods do, and what they cannot.
@Suite(.timeLimit(.minutes(10)))
struct ThrottleFloodTests {
    private static let id = PublicID.random()
    private let network = ThrottleKey.network(Network(address: "198.51.100.7"))

    private func networkKey(_ number: Int) -> ThrottleKey {
        .network(Network(address: "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"))
    }

    private func device() throws -> ThrottleKey {
        .device(try #require(TokenDigest(bytes: Self.id.bytes + Self.id.bytes)))
    }

    @Test func `a flood against an account never delays its owner's known device`() async throws {
        let throttled = Throttled()
        let device = try device()
        for minute in 0..<1440 as Range<Int64> {
            for number in 0..<10 {
                _ = await throttled.fail(.name("victim"), networkKey(number), at: minute * 60)
            }
            if minute.isMultiple(of: 60) {
                #expect(await throttled.succeed(device, at: minute * 60) == 0)
            }
        }
        #expect(await throttled.fail(.name("victim"), network, at: 86_399) > 0)
        #expect(await throttled.failFreely(device, at: 86_399) == ThrottlePolicy().device)
    }

    @Test func `nor does one against the login delay whoever is within a session`() async {
        let throttled = Throttled()
        _ = await throttled.failFreely(.name("victim"), network)
        #expect(await throttled.failFreely(.holder(Self.id)) == ThrottlePolicy().device)
    }

    @Test func `a flood from one network is delayed whatever names it tries`() async {
        let throttled = Throttled()
        var admitted = 0
        for number in 0..<1000 where await throttled.fail(.name("user\(number)"), network) == 0 {
            admitted += 1
        }
        #expect(admitted == ThrottlePolicy().network)
        #expect(await throttled.fail(.name("ada"), networkKey(1)) == 0)
    }

    @Test(arguments: [20, 100, 1000])
    func `there are never more counters than the capacity`(capacity: Int) async {
        let throttled = Throttled(capacity: capacity)
        for number in 0..<(4 * capacity) {
            let id = PublicID.random()
            let network = Network(address: "10.0.\(number >> 8 & 255).\(number & 255)")
            let keys: [ThrottleKey] = [
                .name("user\(number)"), .holder(id), .network(network),
                .signUp(network),
            ]
            for key in keys {
                if number.isMultiple(of: 2) { _ = await throttled.failFreely(key) }
                _ = await throttled.fail(key)
            }
            #expect(await throttled.throttle.count <= capacity)
        }
    }

    @Test func `while storage fails no more changes gather than the capacity`() async {
        let throttled = Throttled(capacity: 100)
        for number in 0..<1000 {
            for _ in 0..<2 { _ = await throttled.fail(.name("user\(number)")) }
        }
        #expect(await throttled.throttle.unwritten().count == 100)
    }

    @Test func `a write takes at most one batch`() async {
        let throttled = Throttled(capacity: 30_000)
        for number in 0..<(LoginThrottle.batch + 1) {
            for _ in 0..<2 { _ = await throttled.fail(.name("user\(number)")) }
        }
        let batch = await throttled.throttle.unwritten()
        #expect(batch.count == LoginThrottle.batch)
        await throttled.throttle.confirm(batch)
        #expect(await throttled.throttle.unwritten().count == 1)
    }

    @Test(arguments: [ThrottleKey.name("ada"), .name("nobody"), .name("not a name")])
    func `a flood of invented names pushes no delay out`(key: ThrottleKey) async {
        let throttled = Throttled(ThrottlePolicy(account: 3), capacity: 1000)
        for now in [0, 0, 0, 1, 3, 7] as [Int64] {
            #expect(await throttled.fail(key, at: now) == 0)
        }
        for number in 0..<10_000 {
            for _ in 0..<2 { _ = await throttled.fail(.name("user\(number)"), at: 7) }
        }
        #expect(await throttled.fail(key, at: 7) == 8)
    }

    @Test func `a flood of one kind of counter pushes out none of another`() async throws {
        let throttled = Throttled(capacity: 1000)
        let keys = [try device(), .holder(Self.id), network]
        for key in keys { _ = await throttled.failFreely(key) }
        for number in 0..<5000 { _ = await throttled.failFreely(.name("user\(number)")) }
        for key in keys { #expect(await throttled.fail(key) == 1) }
    }

    @Test func `what delays goes only for as many others that do, the oldest first`() async {
        let throttled = Throttled(ThrottlePolicy(account: 2), capacity: 1000)
        let names = (0..<300).map { ThrottleKey.name("user\($0)") }
        for name in names { _ = await throttled.failFreely(name) }
        // A twentieth of the capacity is sure to stay.
        for name in names.suffix(50) { #expect(await throttled.fail(name) == 1) }
        #expect(await throttled.fail(names[0]) == 0)
    }
}
