extension Event {
    /// What was wrong with a session cookie; its value is not part of it.
    package enum SuspiciousCookie: String, Hashable, Sendable {
        /// Two cookies of our name.
        case repeated
        /// Not the text of a ticket.
        case malformed
    }

    /// What was changed about a user.
    package enum UserChange: String, Hashable, Sendable, CaseIterable {
        /// Disabled: no login, and every session ended.
        case disabled
        /// Enabled again.
        case enabled
    }

    /// Whose failed tries a login had to wait for.
    package enum ThrottleScope: String, Hashable, Sendable, CaseIterable {
        /// Those for the account, from devices that are not known.
        case account
        /// Those of a device that the account knows.
        case device
        /// Those from an IPv4 address or an IPv6 /64.
        case network
        /// The sign-ups from a network.
        case signup = "sign-up"
        /// Those of somebody who is logged in, proving the password again.
        case holder = "session"
    }
}
