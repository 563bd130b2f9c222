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
/// - Memory is bounded, each kind of counter by a share of its own, and of each kind those that
///   were touched least recently go first. So a flood of invented names pushes out nothing but
///   counters of names. Whoever commands enough networks to push out the counter of one account
///   in this way (a fifth of the capacity in tries, each of which costs them a hash here) could
///   as well have spread the guesses over accounts.
package actor LoginThrottle {
    /// What is said about a try.
    package enum Admission: Hashable, Sendable {
        /// It may go ahead; so many have failed before it.
        case admitted(priorFailures: Int)
        /// It must wait for so many seconds.
        case wait(ThrottleKey.Scope, seconds: Int)
    }

    private var policy: ThrottlePolicy
    private var counters: [ThrottleKey.Scope: GenerationalCache<ThrottleKey, ThrottleEntry>] = [:]
    private var changed: [ThrottleKey: ThrottleEntry] = [:]

    /// Creates a throttle of at most `capacity` counters.
    package init(policy: ThrottlePolicy, capacity: Int) {
        self.policy = policy
        let share = capacity / ThrottleKey.Scope.allCases.count
        for scope in ThrottleKey.Scope.allCases {
            counters[scope] = GenerationalCache(capacity: share)
        }
    }

    // MARK: tries

    /// Counts a try under all keys, or under none when one of them has to wait.
    package func admit(_ keys: [ThrottleKey], at now: Timestamp) -> Admission {
        let entries = keys.map { entry($0, at: now) }
        let waits = entries.map { ($0.key.scope, policy.wait($0, at: now)) }
        if let longest = waits.max(by: { $0.1 < $1.1 }), longest.1 > 0 {
            return .wait(longest.0, seconds: Int(longest.1))
        }
        for entry in entries {
            var entry = entry
            entry.failures += 1
            entry.lastTryAt = now
            keep(entry)
        }
        return .admitted(priorFailures: entries.first?.failures ?? 0)
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
                keep(ThrottleEntry(key: key, failures: 0, lastTryAt: now))
            case .network, .signUp: takeBack(key, at: now)
            }
        }
    }

    /// Takes a try back of which nothing was learned.
    package func withdrawn(_ keys: [ThrottleKey], at now: Timestamp) {
        for key in keys { takeBack(key, at: now) }
    }

    /// Judges by other numbers from now on.
    package func updatePolicy(_ policy: ThrottlePolicy) {
        self.policy = policy
    }

    // MARK: across restarts

    /// The counters that storage has not been told of.
    package func unwritten() -> [ThrottleEntry] {
        Array(changed.values)
    }

    /// Lets go of changes that storage holds by now.
    package func confirm(_ written: [ThrottleEntry]) {
        for entry in written where changed[entry.key] == entry { changed[entry.key] = nil }
    }

    /// Takes up what storage holds; what is known here already is newer.
    package func load(_ entries: [ThrottleEntry]) {
        for entry in entries.reversed() where counters[entry.key.scope]?[entry.key] == nil {
            counters[entry.key.scope]?[entry.key] = entry
        }
    }

    /// How many counters there are.
    package var count: Int { counters.values.reduce(0) { $0 + $1.count } }

    private func entry(_ key: ThrottleKey, at now: Timestamp) -> ThrottleEntry {
        guard var entry = counters[key.scope]?[key], !policy.isForgotten(entry, at: now) else {
            return ThrottleEntry(key: key, failures: 0, lastTryAt: now)
        }
        // Made before the clock was set back: the delay begins now, and ends.
        if entry.lastTryAt > now {
            entry.lastTryAt = now
            keep(entry)
        }
        return entry
    }

    private func keep(_ entry: ThrottleEntry) {
        counters[entry.key.scope]?[entry.key] = entry.failures == 0 ? nil : entry
        changed[entry.key] = entry
    }

    private func takeBack(_ key: ThrottleKey, at now: Timestamp) {
        guard var entry = counters[key.scope]?[key], entry.failures > 0 else { return }
        entry.failures -= 1
        keep(entry)
    }
}
