/// A stored password hash that a password can be compared with.
///
/// New hashes are Argon2id. The others come from other systems; they are compared as they are and
/// replaced at the next login. What would take more memory or time than is allowed is refused while
/// it is read (ASVS 15.1.3).
enum StoredHash: Sendable {
    case argon2(Argon2Hash)
    case crypt(CryptHash)
    case apache(ApacheHash)
    case scrypt(ScryptHash)
    case pbkdf2(PBKDF2Hash)

    /// Reads a hash.
    init(_ stored: PasswordHash) throws(HashRefusal) {
        let text = stored.text
        guard text.utf8.count <= HashText.maximumBytes else { throw .unknownFormat }
        if let hash = try Argon2Hash(text) {
            self = .argon2(hash)
        } else if let hash = try CryptHash(text) {
            self = .crypt(hash)
        } else if let hash = try ApacheHash(text) {
            self = .apache(hash)
        } else if let hash = try ScryptHash(text) {
            self = .scrypt(hash)
        } else if let hash = try PBKDF2Hash(text) {
            self = .pbkdf2(hash)
        } else {
            throw .unknownFormat
        }
    }

    /// Whether a password has this hash.
    ///
    /// Other systems' formats take a password for a C string, so one with a zero byte has none of
    /// those hashes.
    func matches(_ password: Password) throws(HashingError) -> Bool {
        if case .argon2(let hash) = self { return try Argon2.matches(password, hash) }
        guard !password.bytes.contains(0) else { return false }
        switch self {
        case .argon2: return false
        case .crypt(let hash): return try hash.matches(password)
        case .apache(let hash): return hash.matches(password)
        case .scrypt(let hash): return try hash.matches(password)
        case .pbkdf2(let hash): return hash.matches(password)
        }
    }

    /// Whether it is of another format than new hashes, or costs less.
    func isWorse(than cost: HashingCost) -> Bool {
        guard case .argon2(let hash) = self, hash.variant == .argon2id else { return true }
        return hash.cost.isBelow(cost)
    }
}

extension PasswordHash {
    /// Why this hash of another system is not taken over; `nil` when it is.
    ///
    /// Argon2 may cost more where the settings of this server have asked for it.
    package var refusal: HashRefusal? {
        do throws(HashRefusal) {
            if case .argon2(let hash) = try StoredHash(self) { try hash.refuseForeignCost() }
            return nil
        } catch {
            return error
        }
    }
}
