package import Accounts
package import Sessions
package import Telemetry

/// The auth routes of one deployment: what answers requests, put together at start and anew when
/// the settings are read again.
package final class Site: Sendable {
    let accounts: Accounts
    let sessions: SessionStore
    let choices: Choices
    let pages: Pages
    let now: @Sendable () -> Timestamp
    let record: EventSink
    let surroundings: Surroundings

    /// What the settings choose.
    package struct Choices: Sendable {
        /// The cookie of the session.
        package var cookie: TicketCookie
        /// The cookie of the known device.
        package var deviceCookie: TicketCookie
        /// How long a known device stays known, in seconds.
        package var knownDevice: Int64 = 15_552_000
        /// How long sessions last, and how many an account may have.
        package var sessionPolicy = SessionPolicy()
        /// For how many seconds after a proof of the password sensitive actions need no new one.
        package var freshness: Int64 = 900
        /// Who may pass where nginx asks.
        package var policies = AccessPolicies()
        /// The hosts beside this one to which a login may lead back.
        package var returnHosts: [String] = []
        /// The shortest password, in characters, for the hints on pages.
        package var passwordMinimum = PasswordRules.defaultMinimumLength
        /// The address of the mount for links that leave the browser; empty when it is not known.
        package var address = ""
        /// Whether anybody may make an account.
        package var isSignUpOpen = true
        /// How long a link to set a password works, in seconds.
        package var passwordLink: Int64 = 86_400

        /// Chooses the cookies, and the defaults of everything else.
        package init(cookie: TicketCookie, deviceCookie: TicketCookie) {
            self.cookie = cookie
            self.deviceCookie = deviceCookie
        }
    }

    /// What the routes ask of the program round them.
    package struct Surroundings: Sendable {
        /// Whether storage can be used, for the readiness check.
        let isReady: @Sendable () async -> Bool
        /// The metrics as text.
        let metrics: @Sendable () async -> String
        /// What the audit trail holds about an account.
        let audit: @Sendable (PublicID) async throws(StorageError) -> [AuditRecord]

        /// Joins them.
        package init(
            isReady: @escaping @Sendable () async -> Bool,
            metrics: @escaping @Sendable () async -> String,
            audit: @escaping @Sendable (PublicID) async throws(StorageError) -> [AuditRecord]
        ) {
            self.isReady = isReady
            self.metrics = metrics
            self.audit = audit
        }
    }

    /// Puts the parts together.
    ///
    /// - Throws: when a template of a page cannot be read, which a test would have shown.
    package init(
        accounts: Accounts,
        sessions: SessionStore,
        choices: Choices,
        now: @escaping @Sendable () -> Timestamp,
        record: @escaping EventSink,
        surroundings: Surroundings
    ) throws {
        self.accounts = accounts
        self.sessions = sessions
        self.choices = choices
        pages = try Pages(isSignUpOpen: choices.isSignUpOpen)
        self.now = now
        self.record = record
        self.surroundings = surroundings
    }

    /// The paths of all routes: the labels of the metrics.
    package static var routePaths: [String] { router.paths }
}
