package import Accounts
package import Sessions
package import Storage
package import Telemetry

extension DividedStorage: StorageEngine {
    package func changesOfOthers() async throws(StorageError) -> [StorageChange] {
        try await sessions.feed.changes()
    }

    package func probe() async throws(StorageError) {
        try await accounts.probe()
        try await sessions.probe()
    }

    package var connections: [ConnectionFigures] { accounts.connections + [sessions.figures] }

    package func close() throws(StorageError) {
        sessions.close()
        try accounts.close()
    }
}

// MARK: what PostgreSQL does alone

extension DividedStorage: AccountStorage {
    package func insertAll(_ accounts: [NewAccount]) async throws(StorageError) -> [Int] {
        try await self.accounts.insertAll(accounts)
    }

    package func credentials(of name: NameKey) async throws(StorageError) -> Credentials? {
        try await accounts.credentials(of: name)
    }

    package func credentials(of id: PublicID) async throws(StorageError) -> Credentials? {
        try await accounts.credentials(of: id)
    }

    package func user(_ id: PublicID) async throws(StorageError) -> User? {
        try await accounts.user(id)
    }

    package func users(
        matching text: String,
        after cursor: NameKey?,
        limit: Int
    ) async throws(StorageError) -> UserPage {
        try await accounts.users(matching: text, after: cursor, limit: limit)
    }

    package func replacePasswordHash(
        of id: PublicID,
        from old: PasswordHash,
        to new: PasswordHash
    ) async throws(StorageError) -> Bool {
        try await accounts.replacePasswordHash(of: id, from: old, to: new)
    }

    package func user(
        ofLink digest: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> User? {
        try await accounts.user(ofLink: digest, at: now)
    }

    package func removeExpiredLinks(at now: Timestamp) async throws(StorageError) {
        try await accounts.removeExpiredLinks(at: now)
    }

    package func remember(
        _ device: KnownDevice,
        keeping limit: Int
    ) async throws(StorageError) {
        try await accounts.remember(device, keeping: limit)
    }

    package func devices(of id: PublicID) async throws(StorageError) -> [KnownDevice] {
        try await accounts.devices(of: id)
    }

    package func isKnown(
        device key: TokenDigest,
        of id: PublicID,
        since time: Timestamp
    ) async throws(StorageError) -> Bool {
        try await accounts.isKnown(device: key, of: id, since: time)
    }

    package func forgetDevices(before time: Timestamp) async throws(StorageError) {
        try await accounts.forgetDevices(before: time)
    }
}

extension DividedStorage: ThrottleStorage {
    package func throttleEntries(limit: Int) async throws(StorageError) -> [ThrottleEntry] {
        try await accounts.throttleEntries(limit: limit)
    }

    package func write(_ entries: [ThrottleEntry]) async throws(StorageError) {
        try await accounts.write(entries)
    }

    package func removeThrottleEntries(before time: Timestamp) async throws(StorageError) {
        try await accounts.removeThrottleEntries(before: time)
    }
}

extension DividedStorage: AuditStorage {
    package func append(_ records: [AuditRecord]) async throws(StorageError) {
        try await accounts.append(records)
    }

    package func audit(
        matching filter: AuditFilter,
        before position: StoredAudit.Position?,
        limit: Int
    ) async throws(StorageError) -> [StoredAudit] {
        try await accounts.audit(matching: filter, before: position, limit: limit)
    }

    package func removeAudit(
        before time: Timestamp,
        limit: Int
    ) async throws(StorageError) -> Int {
        try await accounts.removeAudit(before: time, limit: limit)
    }
}
