internal import CSodium
package import Sessions

/// What tries are counted by.
///
/// Only a digest is kept: people type passwords into the field for the name, and no typed name
/// may end up in memory for long, in storage or in a log.
package struct ThrottleKey: Hashable, Sendable {
    /// The kinds of counters; the numbers are stored.
    package enum Scope: Int, Hashable, Sendable, CaseIterable {
        /// Tries of strangers for one name, whether or not it is that of an account.
        case account = 1
        /// Tries on one known device.
        case device = 2
        /// Tries from one network for whatever account, known devices aside.
        case network = 3
        /// Sign-ups from one network.
        case signUp = 4
        /// Tries within one session: re-authentication and password change.
        case holder = 5
    }

    /// Which kind of counter it is.
    package let scope: Scope
    /// Which one of its kind: the first 16 bytes of a SHA-256.
    private let digest: (UInt64, UInt64)

    /// Strangers who try a name, of an account or of none; a malformed one counts like any other.
    ///
    /// Names with one key are one name, so that spellings gain nothing. Of the text at most 1024
    /// bytes count, four times what a name can have.
    package static func name(_ text: String) -> ThrottleKey {
        let key = (try? AccountName(text))?.key.text ?? text
        return ThrottleKey(.account, [0] + key.utf8.prefix(1024))
    }

    /// A known device.
    package static func device(_ key: TokenDigest) -> ThrottleKey {
        ThrottleKey(.device, key.bytes)
    }

    /// A network.
    package static func network(_ network: Network) -> ThrottleKey {
        ThrottleKey(.network, network.bytes)
    }

    /// A network from which somebody signs up.
    package static func signUp(_ network: Network) -> ThrottleKey {
        ThrottleKey(.signUp, network.bytes)
    }

    /// Whoever holds a session: its id, which stays over renewals.
    ///
    /// Nobody makes a session without
    /// the password, and a stolen one does not slow its owner down in theirs.
    package static func holder(_ id: PublicID) -> ThrottleKey {
        ThrottleKey(.holder, id.bytes)
    }

    private init(_ scope: Scope, _ value: some Sequence<UInt8>) {
        let input = [UInt8(scope.rawValue)] + Array(value)
        var hash = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        unsafe crypto_hash_sha256(&hash, input, UInt64(input.count))
        self.scope = scope
        digest = ThrottleKey.words(hash)
    }

    /// Reads a key back from storage; `nil` when it is none.
    package init?(scope: Int, bytes: [UInt8]) {
        guard let scope = Scope(rawValue: scope), bytes.count == 16 else { return nil }
        self.scope = scope
        digest = ThrottleKey.words(bytes)
    }

    /// The 16 bytes of the stored form.
    package var bytes: [UInt8] {
        unsafe withUnsafeBytes(of: digest) { unsafe Array($0) }
    }

    private static func words(_ bytes: [UInt8]) -> (UInt64, UInt64) {
        var words: (UInt64, UInt64) = (0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { unsafe $0.copyBytes(from: bytes.prefix(16)) }
        return words
    }

    package static func == (left: ThrottleKey, right: ThrottleKey) -> Bool {
        left.scope == right.scope && left.digest == right.digest
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(digest.0)
        hasher.combine(digest.1)
    }
}

extension ThrottleKey: CustomStringConvertible {
    package var description: String { "<throttle key: \(scope)>" }
}

extension ThrottleKey: CustomReflectable {
    package var customMirror: Mirror { Mirror(self, children: []) }
}
