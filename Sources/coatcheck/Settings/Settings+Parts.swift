internal import Accounts
internal import Routes
internal import Sessions
internal import Telemetry

// What the parts of the program are made with, read from the settings.

extension Settings {
    /// How long sessions last.
    var sessionPolicy: SessionPolicy {
        SessionPolicy(
            standard: SessionPolicy.Limits(
                absolute: self[.sessionAbsolute],
                idle: self[.sessionIdle]
            ),
            remembered: SessionPolicy.Limits(
                absolute: self[.sessionRememberAbsolute],
                idle: self[.sessionRememberIdle]
            ),
            sessionsPerAccount: self[.sessionPerAccount]
        )
    }

    /// What a new password hash costs.
    var hashingCost: HashingCost {
        HashingCost(memoryKiB: self[.passwordMemory], passes: self[.passwordPasses])
    }

    /// What a new password must be like.
    var passwordRules: PasswordRules {
        PasswordRules(minimumLength: self[.passwordMinimum])
    }

    /// How long devices are known and links work.
    var terms: Accounts.Terms {
        Accounts.Terms(
            knownDevice: self[.throttleKnownDevice],
            passwordLink: self[.passwordLink]
        )
    }

    /// What the routes do by choice.
    var siteChoices: Site.Choices {
        var choices = Site.Choices(
            cookie: cookie(named: self[.cookieName]),
            deviceCookie: cookie(named: self[.cookieDeviceName])
        )
        choices.knownDevice = self[.throttleKnownDevice]
        choices.sessionPolicy = sessionPolicy
        choices.freshness = self[.sessionFresh]
        choices.policies = self[.policies]
        choices.returnHosts = self[.nextHosts]
        choices.passwordMinimum = self[.passwordMinimum]
        choices.passwordLink = self[.passwordLink]
        choices.address = self[.siteURL]
        choices.isSignUpOpen = self[.siteSignUp]
        return choices
    }

    private func cookie(named name: String) -> TicketCookie {
        let path = self[.cookiePath]
        return TicketCookie(
            name: name,
            path: path.isEmpty ? nil : path,
            isSecure: self[.cookieSecure]
        )
    }

    /// How failed tries are counted.
    var throttlePolicy: ThrottlePolicy {
        ThrottlePolicy(
            account: self[.throttleAccount],
            device: self[.throttleDevice],
            network: self[.throttleNetwork],
            signUp: self[.throttleSignUp],
            longest: self[.throttleLongest],
            forget: self[.throttleForget]
        )
    }

    /// For how long things are kept.
    var upkeepSpans: Upkeep.Spans {
        Upkeep.Spans(
            sweep: self[.sessionSweep],
            audit: self[.auditKeep],
            knownDevice: self[.throttleKnownDevice],
            // As long as the throttle itself remembers: a delay must not end with a restart.
            throttle: max(self[.throttleForget], self[.throttleLongest])
        )
    }

    /// How the log is written.
    var eventLog: EventLog {
        EventLog(threshold: self[.logLevel], format: self[.logFormat])
    }

    /// What the settings make of the cookie, and why.
    var cookieExplanation: String {
        guard self[.cookieSecure] else {
            return "The session cookie is named \(self[.cookieName]), without a prefix, because "
                + "cookie.secure is false: it travels over plain http."
        }
        return switch self[.cookiePath] {
        case "/": "The session cookie is named __Host-\(self[.cookieName]): its path is /."
        case "":
            "The session cookie is named __Host-\(self[.cookieName]) when Coatcheck is mounted "
                + "at /, and __Secure-\(self[.cookieName]) below another mount, whose path it "
                + "gets: browsers keep __Host- cookies for the path / only."
        case let path:
            "The session cookie is named __Secure-\(self[.cookieName]), because its path is "
                + "\(path): browsers keep __Host- cookies for the path / only."
        }
    }

    /// The policies of the settings, one sentence each.
    var policyExplanations: [String] {
        self[.policies].custom.sorted { $0.key < $1.key }.map { name, policy in
            let who =
                policy.groups.isEmpty
                ? "anybody who is logged in"
                : "members of \(policy.groups.joined(separator: " or "))"
            let age = policy.maxAge.map { ", at most \($0) seconds after the password was proved" }
            return "The policy \(name) lets \(who) pass\(age ?? "")."
        }
    }
}
