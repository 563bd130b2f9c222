internal import CSodium

/// The calls of libsodium in which the time of this module is spent.
enum Argon2 {
    /// Hashes a password with a fresh salt.
    ///
    /// - Throws: `.outOfMemory`, since nothing else can go wrong with a cost in its range.
    static func hash(
        _ password: Password,
        cost: HashingCost
    ) throws(HashingError) -> PasswordHash {
        let characters = password.bytes.map { CChar(bitPattern: $0) }
        var text = [CChar](repeating: 0, count: crypto_pwhash_argon2id_strbytes())
        let status = unsafe crypto_pwhash_argon2id_str(
            &text,
            characters,
            UInt64(characters.count),
            UInt64(cost.passes),
            cost.memoryKiB * 1024
        )
        guard status == 0 else { throw .outOfMemory }
        let used = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return PasswordHash(text: String(decoding: used, as: UTF8.self))
    }

    /// Whether a password has a hash; compared in constant time.
    ///
    /// - Throws: `.outOfMemory`, which would otherwise look like a wrong password: libsodium's own
    ///   `str_verify` calls both a mismatch.
    static func matches(_ password: Password, _ hash: Argon2Hash) throws(HashingError) -> Bool {
        guard hash.variant == .argon2id, hash.lanes == 1,
            hash.salt.count == crypto_pwhash_argon2id_saltbytes()
        else {
            return matchesForeign(password, hash)
        }
        let characters = password.bytes.map { CChar(bitPattern: $0) }
        var digest = [UInt8](repeating: 0, count: hash.digest.count)
        let status = unsafe crypto_pwhash_argon2id(
            &digest,
            UInt64(digest.count),
            characters,
            UInt64(characters.count),
            hash.salt,
            UInt64(hash.cost.passes),
            hash.cost.memoryKiB * 1024,
            crypto_pwhash_argon2id_alg_argon2id13()
        )
        guard status == 0 else { throw .outOfMemory }
        return unsafe sodium_memcmp(digest, hash.digest, digest.count) == 0
    }

    /// Whether a password has a hash of a shape that libsodium reads but does not make.
    ///
    /// That is argon2i, one of several lanes, or one with a salt that is not 16 bytes. A lack of
    /// memory is a mismatch here.
    private static func matchesForeign(_ password: Password, _ hash: Argon2Hash) -> Bool {
        let characters = password.bytes.map { CChar(bitPattern: $0) }
        let text = hash.text.utf8.map { CChar(bitPattern: $0) } + [0]
        let verify =
            unsafe hash.variant == .argon2id
            ? crypto_pwhash_argon2id_str_verify : crypto_pwhash_argon2i_str_verify
        return unsafe verify(text, characters, UInt64(characters.count)) == 0
    }
}
