internal import CSodium

/// Hashes and verifies passwords with Argon2id, on threads of its own.
///
/// - Memory is bounded: `lanes` passwords are hashed at a time, each in the memory of the cost
///   (or of its stored hash, up to the top of `HashingCost.memoryRange`).
/// - Waiting is bounded: beyond `capacity` passwords, hashed or waiting, a call throws `.busy` at
///   once (ASVS 15.1.3, 15.2.2). A reserve beyond that is for people who are known.
/// - No thread of a task or of a request ever hashes, so session checks go on meanwhile.
package final class PasswordHasher: Sendable {
    private let cost: HashingCost
    private let threads: HashingThreads
    /// What is verified against where there is no hash.
    let decoy: Argon2Hash

    /// Starts the threads.
    ///
    /// `cost` is that of new hashes, `lanes` the number of threads, `capacity` the most calls that
    /// may be under way, `reserve` how many preferred ones may be beyond that.
    package init(
        cost: HashingCost = .recommended,
        lanes: Int,
        capacity: Int,
        reserve: Int = 0
    ) {
        precondition(lanes > 0 && capacity > 0, "hashing needs a thread and room for a password")
        // Chooses the fastest implementation for this processor; may be called again and again.
        precondition(sodium_init() >= 0, "libsodium does not start")
        self.cost = cost
        self.threads = HashingThreads(count: lanes, capacity: capacity, reserve: reserve)
        self.decoy = Argon2Hash(decoyCosting: cost)
    }

    /// Hashes a new password.
    package func hash(
        _ password: Password,
        priority: HashingPriority = .ordinary
    ) async throws(HashingError) -> PasswordHash {
        let cost = cost
        return try await threads.run(priority) { () throws(HashingError) in
            try Argon2.hash(password, cost: cost)
        }
    }

    /// Compares a password with a stored hash, which may come from another system.
    ///
    /// Without a hash, or with one that cannot be read or would cost too much, it does the work of
    /// a comparison all the same and says `.mismatch`, so the time it takes does not tell whether
    /// an account exists (ASVS 6.3.8). A wrong password for a hash that costs less, or is another
    /// system's, does that work besides: it is not faster, but may be slower.
    package func verify(
        _ password: Password,
        against stored: PasswordHash?,
        priority: HashingPriority = .ordinary
    ) async throws(HashingError) -> Verification {
        let (cost, decoy) = (cost, decoy)
        return try await threads.run(priority) { () throws(HashingError) in
            let hash = stored.flatMap { try? StoredHash($0) }
            if let hash, try hash.matches(password) {
                return .match(needsRehash: hash.isWorse(than: cost))
            }
            if hash?.isWorse(than: cost) != false { _ = try Argon2.matches(password, decoy) }
            return .mismatch
        }
    }

    /// Takes no more passwords.
    ///
    /// Calls that are under way are answered; this does not wait for them.
    package func stop() {
        threads.stop()
    }

    /// How many passwords have been hashed or verified since the start.
    package var finishedCount: Int { threads.finishedCount }

    /// How many passwords are being hashed or verified, or wait for it.
    package var unfinishedCount: Int { threads.unfinishedCount }
}
