package import Sessions

/// Makes accounts, tells who somebody is by name and password, and changes passwords.
///
/// Every way on which a password is tried passes the throttle first (ASVS 6.1.3, 6.3.4): login and
/// re-authentication, password change, and, since it costs a hash too, sign-up.
package struct Accounts: Sendable {
    let storage: any AccountStorage
    let hasher: PasswordHasher
    let rules: PasswordRules
    let throttle: LoginThrottle
    let terms: Terms
    let now: @Sendable () -> Timestamp

    /// The spans of time that the settings choose, in seconds.
    package struct Terms: Hashable, Sendable {
        /// How long after its last login a device is known.
        package let knownDevice: Int64
        /// How long a link to set a password works.
        package let passwordLink: Int64

        /// Joins the spans.
        package init(knownDevice: Int64 = 15_552_000, passwordLink: Int64 = 86_400) {
            self.knownDevice = knownDevice
            self.passwordLink = passwordLink
        }
    }

    /// Joins storage, hasher, rules, throttle and the server's clock.
    package init(
        storage: any AccountStorage,
        hasher: PasswordHasher,
        rules: PasswordRules,
        throttle: LoginThrottle,
        terms: Terms = Terms(),
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.storage = storage
        self.hasher = hasher
        self.rules = rules
        self.throttle = throttle
        self.terms = terms
        self.now = now
    }

    /// The most devices that are known of one account; the least recently used go.
    static let devicesPerAccount = 100

    /// Returns the devices that are known of an account, the most recently used first.
    package func devices(of id: PublicID) async throws(StorageError) -> [KnownDevice] {
        try await storage.devices(of: id)
    }

    /// Looks up an account.
    package func user(_ id: PublicID) async throws(StorageError) -> User? {
        try await storage.user(id)
    }
}

/// Where a try to log in comes from.
package struct LoginSource: Hashable, Sendable {
    /// The network of the address that nginx's REMOTE_ADDR said.
    package let network: Network
    /// The digest of the device cookie, where the browser has one.
    package let device: TokenDigest?

    /// Describes where a try comes from.
    package init(address: String, device: TokenDigest?) {
        network = Network(address: address)
        self.device = device
    }
}
