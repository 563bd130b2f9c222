import Sessions
import Testing

@testable import Accounts

/// The throttle against a model that keeps every try.
///
/// The model is the rule as it is told: a list of the tries that count, the delay from its length
/// by repeated doubling, and a list that is emptied by time or a right password.
@Suite(.timeLimit(.minutes(10)))
struct ThrottleModelTests {
    private struct Model {
        let policy: ThrottlePolicy
        var tries: [ThrottleKey: [Timestamp]] = [:]

        func wait(_ key: ThrottleKey, at now: Timestamp) -> Int64 {
            let tries = tries[key] ?? []
            guard let last = tries.last, tries.count >= free(key) else { return 0 }
            var delay: Int64 = 1
            for _ in 0..<(tries.count - free(key)) { delay = min(2 * delay, policy.longest) }
            return max(0, min(delay, policy.longest) - (now - last))
        }

        func free(_ key: ThrottleKey) -> Int {
            switch key.scope {
            case .account: policy.account
            case .network: policy.network
            case .signUp: policy.signUp
            case .device, .holder: policy.device
            }
        }

        /// Empties what is forgotten by now, and moves what lies in the future to now.
        mutating func look(at keys: [ThrottleKey], _ now: Timestamp) {
            for key in keys {
                guard let times = tries[key], let last = times.last else { continue }
                if now - last >= max(policy.forget, policy.longest) {
                    tries[key] = nil
                } else if last > now {
                    tries[key] = times.map { min($0, now) }
                }
            }
        }
    }

    @Test(arguments: 0..<60)
    func `it admits what the rule admits`(seed: UInt64) async {
        var generator = Drawn(seed: seed)
        let policy = ThrottlePolicy(
            account: .random(in: 1...4, using: &generator),
            device: .random(in: 1...4, using: &generator),
            network: .random(in: 1...8, using: &generator),
            signUp: .random(in: 1...4, using: &generator),
            longest: .random(in: 1...64, using: &generator),
            forget: .random(in: 1...300, using: &generator)
        )
        var model = Model(policy: policy)
        var throttled = Throttled(policy)
        var stored: [ThrottleKey: ThrottleEntry] = [:]
        let ids = (0..<3).map { _ in PublicID.random() }
        let networks = (0..<3).map { Network(address: "192.0.2.\($0)") }
        var now = Throttled.start
        for _ in 0..<600 {
            now = now + Drawn.pause(using: &generator)
            let id = ids.randomElement(using: &generator) ?? ids[0]
            let network = networks.randomElement(using: &generator) ?? networks[0]
            let sets: [[ThrottleKey]] = [
                [.network(network)], [.name(id.text), .network(network)],
                [.holder(id)], [.signUp(network)],
            ]
            let keys = sets.randomElement(using: &generator) ?? sets[0]
            model.look(at: keys, now)
            let wait = keys.map { model.wait($0, at: now) }.max() ?? 0
            switch await throttled.throttle.admit(keys, at: now) {
            case .wait(let scope, let seconds):
                #expect(Int64(seconds) == wait)
                #expect(keys.contains { $0.scope == scope && model.wait($0, at: now) == wait })
            case .admitted(let failures):
                #expect(wait == 0)
                #expect(failures == model.tries[keys[0]]?.count ?? 0)
                switch Int.random(in: 0..<10, using: &generator) {
                case 0:
                    await throttled.throttle.succeeded(keys, at: now)
                    for key in keys where key.scope != .network && key.scope != .signUp {
                        model.tries[key] = nil
                    }
                case 1: await throttled.throttle.withdrawn(keys, at: now)
                default: for key in keys { model.tries[key, default: []].append(now) }
                }
            }
            guard Int.random(in: 0..<40, using: &generator) == 0 else { continue }
            await throttled.write(to: &stored)
            throttled = await throttled.restarted(policy, from: stored)
            model.tries = model.tries.filter { $0.value.count > 1 }
        }
    }
}

/// Random numbers that a seed determines (SplitMix64).
struct Drawn: RandomNumberGenerator {
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

    /// Seconds to the next try: mostly few, at times a long rest, at times a clock set back.
    static func pause(using generator: inout Drawn) -> Int64 {
        switch Int.random(in: 0..<30, using: &generator) {
        case 0: Int64.random(in: 50...400, using: &generator)
        case 1: Int64.random(in: -100...(-1), using: &generator)
        default: Int64.random(in: 0...6, using: &generator)
        }
    }
}
