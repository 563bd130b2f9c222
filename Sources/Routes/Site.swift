package import Accounts
package import Sessions
package import Telemetry

/// The auth routes of one deployment: what answers requests, put together once at start.
package struct Site: Sendable {
    let accounts: Accounts
    let sessions: SessionStore
    let cookie: SessionCookie
    let policies: AccessPolicies
    /// The hosts beside this one to which a login may lead back.
    let returnHosts: [String]
    let passwordMinimum: Int
    let pages: Pages
    let now: @Sendable () -> Timestamp
    let record: EventSink
    /// Whether storage can be used, for the readiness check.
    let isReady: @Sendable () async -> Bool

    /// Puts the parts together.
    ///
    /// - Throws: when a template of a page cannot be read, which a test would have shown.
    package init(
        accounts: Accounts,
        sessions: SessionStore,
        cookie: SessionCookie,
        policies: AccessPolicies = AccessPolicies(),
        returnHosts: [String],
        passwordMinimum: Int,
        now: @escaping @Sendable () -> Timestamp,
        record: @escaping EventSink,
        isReady: @escaping @Sendable () async -> Bool
    ) throws {
        self.accounts = accounts
        self.sessions = sessions
        self.cookie = cookie
        self.policies = policies
        self.returnHosts = returnHosts
        self.passwordMinimum = passwordMinimum
        pages = try Pages()
        self.now = now
        self.record = record
        self.isReady = isReady
    }
}
