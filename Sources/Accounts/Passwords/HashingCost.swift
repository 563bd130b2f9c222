/// What one run of Argon2id costs.
package struct HashingCost: Hashable, Sendable {
    /// The memory that a hash may use, in KiB: from libsodium's minimum to 1 GiB, beyond which a
    /// stored hash would be a way to exhaust the machine (ASVS 15.1.3).
    package static let memoryRange = 8...1_048_576

    /// The passes over that memory: 20 over 1 GiB take some 20 seconds, and no recommendation
    /// comes near it.
    package static let passesRange = 1...20

    /// The most memory that a hash of another system may use, in KiB: what OWASP asks of scrypt
    /// (N=2^17, r=8, p=1).
    ///
    /// Anybody who knows a name can set it off, and two lanes of it fit the
    /// memory that the systemd unit allows.
    package static let foreignMemory = 131_072

    /// OWASP's choice for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
    package static let recommended = HashingCost(memoryKiB: 19_456, passes: 2)

    /// The memory, in KiB.
    package let memoryKiB: Int
    /// The passes over the memory.
    package let passes: Int

    /// Joins memory and passes, which must lie in their ranges.
    package init(memoryKiB: Int, passes: Int) {
        precondition(Self.memoryRange.contains(memoryKiB), "memory for hashing is out of range")
        precondition(Self.passesRange.contains(passes), "passes for hashing are out of range")
        self.memoryKiB = memoryKiB
        self.passes = passes
    }

    /// Whether it is lower than another in memory or in passes.
    func isBelow(_ other: HashingCost) -> Bool {
        memoryKiB < other.memoryKiB || passes < other.passes
    }
}
