internal import Sessions

/// How many wrong passwords are free, and how long the next ones wait.
///
/// After the free tries the n-th has to wait 2^(n-1) seconds from the one before, at most
/// `longest`; a counter is forgotten `forget` seconds after its last try, or `longest` where that
/// is more. A try that has to wait is refused and not counted, so waiting ends however often
/// somebody knocks.
///
/// What that leaves to somebody who guesses at one account from many networks, with the defaults:
/// 10 tries at once, 10 more while the delay doubles from 1 to 512 seconds (1023 in all), then one
/// every 900: (86,400 - 1023) / 900 = 94 more, 114 on the first day, 86,400 / 900 = 96 on each
/// after, and 114 + 364 * 96 = 35,058 in a year, against passwords that take more than a million
/// guesses to find (`PasswordRules`). Resting until the counter is forgotten gains nothing: 20
/// tries in a day and a quarter of an hour are fewer than 96.
///
/// NIST SP 800-63B-4 section 3.2.2 caps consecutive failures at 100 and then disables the password
/// until it is renewed; that would hand a stranger the means to shut an account, so the delay
/// stays at its longest instead and the cap is not met: with the defaults the hundredth failure
/// can come after 21 hours. The nearest to it is `longest` at 24 h with `forget` at 365 days: 26
/// tries on the first day, one on each after, the hundredth after ten weeks.
package struct ThrottlePolicy: Hashable, Sendable {
    /// The free tries of strangers for one account.
    package var account: Int
    /// The free tries on one known device, and within one session.
    package var device: Int
    /// The free tries from one network.
    package var network: Int
    /// The free sign-ups from one network.
    package var signUp: Int
    /// The longest delay, in seconds.
    package var longest: Int64
    /// How long after its last try a counter is forgotten, in seconds.
    package var forget: Int64

    /// Chooses the numbers.
    package init(
        account: Int = 10,
        device: Int = 10,
        network: Int = 100,
        signUp: Int = 100,
        longest: Int64 = 900,
        forget: Int64 = 86_400
    ) {
        self.account = account
        self.device = device
        self.network = network
        self.signUp = signUp
        self.longest = longest
        self.forget = forget
    }

    /// The free tries of a kind of counter.
    func free(_ scope: ThrottleKey.Scope) -> Int {
        switch scope {
        case .account: account
        case .device, .holder: device
        case .network: network
        case .signUp: signUp
        }
    }

    /// How many seconds must lie between the last try and the next one.
    func delay(after failures: Int, _ scope: ThrottleKey.Scope) -> Int64 {
        let excess = failures - free(scope)
        guard excess >= 0 else { return 0 }
        // 2^40 seconds are longer than any limit.
        return min(longest, 1 << Int64(min(excess, 40)))
    }

    /// How many seconds are left to wait; zero when a try may go ahead.
    func wait(
        _ counter: ThrottleCounters.Counter,
        _ scope: ThrottleKey.Scope,
        at now: Timestamp
    ) -> Int64 {
        let delay = delay(after: counter.failures, scope)
        let passed = max(0, now - counter.lastTryAt)
        return max(0, delay - passed)
    }

    /// Whether a counter has had its time; never while it delays.
    func isForgotten(_ counter: ThrottleCounters.Counter, at now: Timestamp) -> Bool {
        now - counter.lastTryAt >= max(forget, longest)
    }
}
