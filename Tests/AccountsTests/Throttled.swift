import Sessions

@testable import Accounts

/// A throttle under test, with the tries that people make of it.
struct Throttled {
    /// When a test begins.
    static let start = Timestamp(seconds: 1_700_000_000)

    let throttle: LoginThrottle

    init(_ policy: ThrottlePolicy = ThrottlePolicy(), capacity: Int = 100_000) {
        throttle = LoginThrottle(policy: policy, capacity: capacity)
    }

    /// Makes a try with a wrong password; returns how many seconds it has to wait, zero when the
    /// password was looked at.
    func fail(_ keys: ThrottleKey..., at seconds: Int64 = 0) async -> Int {
        switch await throttle.admit(keys, at: Self.start + seconds) {
        case .admitted: 0
        case .wait(_, let seconds): seconds
        }
    }

    /// Makes tries with wrong passwords until one has to wait; returns how many did not.
    func failFreely(_ keys: ThrottleKey..., at seconds: Int64 = 0) async -> Int {
        var count = 0
        while count < 10_000, case .admitted = await throttle.admit(keys, at: Self.start + seconds)
        {
            count += 1
        }
        return count
    }

    /// Makes a try with the right password; `nil` when it has to wait.
    func succeed(_ keys: ThrottleKey..., at seconds: Int64 = 0) async -> Int? {
        let time = Self.start + seconds
        guard case .admitted(let failures) = await throttle.admit(keys, at: time) else {
            return nil
        }
        await throttle.succeeded(keys, at: time)
        return failures
    }

    /// Makes a try that meets a busy server; `false` when it has to wait.
    func meetBusy(_ keys: ThrottleKey..., at seconds: Int64 = 0) async -> Bool {
        let time = Self.start + seconds
        guard case .admitted = await throttle.admit(keys, at: time) else { return false }
        await throttle.withdrawn(keys, at: time)
        return true
    }

    /// Writes what there is to write into `stored`, as the timer does.
    func write(to stored: inout [ThrottleKey: ThrottleEntry]) async {
        while case let entries = await throttle.unwritten(), !entries.isEmpty {
            for entry in entries { stored[entry.key] = entry.failures == 0 ? nil : entry }
            await throttle.confirm(entries)
        }
    }

    /// Another throttle that has read what is stored, as after a restart.
    func restarted(
        _ policy: ThrottlePolicy,
        from stored: [ThrottleKey: ThrottleEntry]
    ) async -> Throttled {
        let other = Throttled(policy)
        await other.throttle.load(stored.values.sorted { $0.lastTryAt > $1.lastTryAt })
        return other
    }
}
