package import Sessions

/// Decides whether a try to prove a password may go ahead, and is no weapon against the owner.
///
/// It follows OWASP's device cookies: tries of strangers for an account are counted together, and
/// those on a device that its owner has logged in with before are counted for that device. So a
/// flood from elsewhere, however large, makes strangers wait and never the owner's known device.
/// Who is asked for which counters, `Accounts` says.
///
/// - A try is counted before the password is looked at, and taken back when it was right or when
///   nothing was learned: many tries at once gain nothing over one after the other.
/// - A name without an account has a counter like any other.
/// - Memory is bounded: each kind of counter has a fifth of the capacity, and of each kind those
///   that delay have half (`ThrottleCounters`). A flood of invented names pushes out counters of
///   names, and one that delays only after the flood has brought a twentieth of the capacity to a
///   delay: with the defaults 5000 names with ten tries each, from 500 networks, since each stops
///   after 100. At twenty hashes a second the 50,000 take 40 minutes in which this server does
///   nothing else, and buy the twenty quick tries of a new counter. Tried at other accounts, the
///   50,000 were worth more.
package actor LoginThrottle {
    /// What is said about a try.
    package enum Admission: Hashable, Sendable {
        /// It may go ahead; so many have failed before it.
        case admitted(priorFailures: Int)
        /// It must wait for so many seconds.
        case wait(ThrottleKey.Scope, seconds: Int)
    }

    /// The most failures that are counted.
    ///
    /// The delay has long been the longest by then. It also bounds what storage can say.
    static let mostFailures = 1_000_000
    /// The most counters that are written at a time: some tens of milliseconds of the writer.
    static let batch = 10_000

    private let capacity: Int
    private var policy: ThrottlePolicy
    private var counters: [ThrottleKey.Scope: ThrottleCounters] = [:]
    private var changed: [ThrottleKey: ThrottleEntry] = [:]

    /// Creates a throttle of at most `capacity` counters; of twenty at least.
    package init(policy: ThrottlePolicy, capacity: Int) {
        self.policy = policy
        self.capacity = capacity
        let share = capacity / ThrottleKey.Scope.allCases.count
        for scope in ThrottleKey.Scope.allCases {
            counters[scope] = ThrottleCounters(capacity: share)
        }
    }

    // MARK: tries

    /// Counts a try under all keys, or under none when one of them has to wait.
    ///
    /// The failures that went before are those of the first key.
    package func admit(_ keys: [ThrottleKey], at now: Timestamp) -> Admission {
        let tries = keys.map { (key: $0, counter: counter($0, at: now)) }
        let waits = tries.map { ($0.key.scope, policy.wait($0.counter, $0.key.scope, at: now)) }
        if let longest = waits.max(by: { $0.1 < $1.1 }), longest.1 > 0 {
            return .wait(longest.0, seconds: Int(longest.1))
        }
        for (key, counter) in tries {
            let failures = min(counter.failures + 1, Self.mostFailures)
            keep(
                .init(failures: failures, lastTryAt: now, triedBefore: counter.lastTryAt),
                for: key
            )
            if failures > 1 { note(key, failures: failures, at: now) }
        }
        return .admitted(priorFailures: tries.first?.counter.failures ?? 0)
    }

    /// Notes that the password was right.
    ///
    /// The failures of the account, the device and the holder are forgotten (NIST SP 800-63B-4
    /// section 3.2.2); of the network only this try is, or somebody with an account of their own
    /// could wipe it out.
    package func succeeded(_ keys: [ThrottleKey], at now: Timestamp) {
        for key in keys {
            switch key.scope {
            case .account, .device, .holder:
                counters[key.scope]?.remove(key)
                note(key, failures: 0, at: now)
            case .network, .signUp: takeBack(key)
            }
        }
    }

    /// Takes a try back of which nothing was learned.
    ///
    /// The delay goes on from the try before, so whoever met a busy server does not wait twice.
    package func withdrawn(_ keys: [ThrottleKey], at now: Timestamp) {
        for key in keys { takeBack(key) }
    }

    /// Judges by other numbers from now on.
    package func updatePolicy(_ policy: ThrottlePolicy) {
        self.policy = policy
    }

    /// How many counters there are.
    package var count: Int { counters.values.reduce(0) { $0 + $1.count } }

    private func counter(_ key: ThrottleKey, at now: Timestamp) -> ThrottleCounters.Counter {
        let new = ThrottleCounters.Counter(failures: 0, lastTryAt: now, triedBefore: now)
        guard var counter = counters[key.scope]?.find(key) else { return new }
        guard !policy.isForgotten(counter, at: now) else {
            counters[key.scope]?.remove(key)
            note(key, failures: 0, at: now)
            return new
        }
        // Made before the clock was set back: the delay begins now, and ends.
        if counter.lastTryAt > now {
            counter.lastTryAt = now
            keep(counter, for: key)
            note(key, failures: counter.failures, at: now)
        }
        return counter
    }

    private func takeBack(_ key: ThrottleKey) {
        guard var counter = counters[key.scope]?.find(key) else { return }
        guard counter.failures > 1 else {
            counters[key.scope]?.remove(key)
            return
        }
        counter.failures -= 1
        counter.lastTryAt = counter.triedBefore
        keep(counter, for: key)
        note(key, failures: counter.failures, at: counter.lastTryAt)
    }

    private func keep(_ counter: ThrottleCounters.Counter, for key: ThrottleKey) {
        let isDelaying = policy.delay(after: counter.failures, key.scope) > 0
        counters[key.scope]?.keep(counter, for: key, isDelaying: isDelaying)
    }

    // MARK: across restarts

    /// Counters that storage has not been told of, at most `batch` of them.
    ///
    /// A counter of one try is not among them. It would delay nobody after a restart, and what
    /// somebody types into the field for the name once, a password perhaps, leaves no trace.
    package func unwritten() -> [ThrottleEntry] {
        Array(changed.values.prefix(Self.batch))
    }

    /// Lets go of changes that storage holds by now.
    package func confirm(_ written: [ThrottleEntry]) {
        for entry in written where changed[entry.key] == entry { changed[entry.key] = nil }
    }

    /// Takes up what storage holds, the last tried first; what is known here already is newer.
    package func load(_ entries: [ThrottleEntry]) {
        for entry in entries.reversed() where entry.failures > 0 {
            let (key, time) = (entry.key, entry.lastTryAt)
            guard changed[key] == nil, counters[key.scope]?.find(key) == nil else { continue }
            let failures = min(entry.failures, Self.mostFailures)
            keep(.init(failures: failures, lastTryAt: time, triedBefore: time), for: key)
        }
    }

    /// Takes up what other machines have counted, as far as it is more than what is known here.
    ///
    /// Tries that are spread over machines are then counted together, but for those between two
    /// looks at storage. A success on another machine is not heard of: here the failures before it
    /// count until they are forgotten.
    package func merge(_ entries: [ThrottleEntry]) {
        for entry in entries where changed[entry.key]?.failures != 0 {
            let known = counters[entry.key.scope]?.find(entry.key)
            guard entry.failures > known?.failures ?? 0 else { continue }
            let time = max(entry.lastTryAt, known?.lastTryAt ?? entry.lastTryAt)
            let failures = min(entry.failures, Self.mostFailures)
            keep(.init(failures: failures, lastTryAt: time, triedBefore: time), for: entry.key)
        }
    }

    /// Remembers to write a counter.
    ///
    /// While storage fails as many changes gather as there may be counters; more are not written,
    /// and hold until the next restart.
    private func note(_ key: ThrottleKey, failures: Int, at time: Timestamp) {
        guard changed.count < capacity || changed[key] != nil else { return }
        let written = failures > 1 ? failures : 0
        changed[key] = ThrottleEntry(key: key, failures: written, lastTryAt: time)
    }
}
