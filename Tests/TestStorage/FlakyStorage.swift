package import Accounts
import Foundation
package import Sessions
package import Storage
internal import Synchronization

/// The real storage in a folder of its own, whose calls fail when a test wants it.
package final class FlakyStorage: Sendable {
    /// A call that can be made to fail.
    package enum Call: Hashable, Sendable, CaseIterable {
        case insertAccount, insertAll, credentials, user, users, replacePasswordHash,
            changePassword, setPassword, insertLink, removeExpiredLinks, edit, delete,
            remember, devices, isKnown, forgetDevices, insertSession, replace, findSession,
            listSessions, touch, removeSession, removeSessions, removeExpired, ended,
            forgetEnded, sessionCount, throttleEntries, writeThrottle, removeThrottleEntries
    }

    /// What a failing call throws.
    package static let failure = StorageError.unavailable(
        code: "io",
        detail: "SQLITE_IOERR (10)"
    )

    /// The storage behind.
    package let base: SQLiteStorage
    private let folder: URL
    private let failures = Mutex<Set<Call>>([])

    /// Makes an empty storage.
    package init() throws {
        // In memory where that is to be had: nothing here is about survival.
        let memory = URL(filePath: "/dev/shm")
        let isThere = FileManager.default.isWritableFile(atPath: memory.path)
        folder = (isThere ? memory : FileManager.default.temporaryDirectory)
            .appending(path: "coatcheck-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        base = try SQLiteStorage(path: folder.appending(path: "test.db").path, readers: 2)
    }

    deinit {
        try? base.close()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Makes calls throw from now on, and all others work.
    package func fail(_ calls: Set<Call>) {
        failures.withLock { $0 = calls }
    }

    private func pass(_ call: Call) throws(StorageError) {
        if failures.withLock({ $0.contains(call) }) { throw Self.failure }
    }
}

extension FlakyStorage: AccountStorage {
    package func insert(
        _ account: NewAccount,
        beginning session: Session?,
        by mandate: Mandate?
    ) async throws(StorageError) {
        try pass(.insertAccount)
        try await base.insert(account, beginning: session, by: mandate)
    }

    package func insertAll(_ accounts: [NewAccount]) async throws(StorageError) -> [Int] {
        try pass(.insertAll)
        return try await base.insertAll(accounts)
    }

    package func credentials(of name: NameKey) async throws(StorageError) -> Credentials? {
        try pass(.credentials)
        return try await base.credentials(of: name)
    }

    package func credentials(of id: PublicID) async throws(StorageError) -> Credentials? {
        try pass(.credentials)
        return try await base.credentials(of: id)
    }

    package func user(_ id: PublicID) async throws(StorageError) -> User? {
        try pass(.user)
        return try await base.user(id)
    }

    package func users(
        matching text: String,
        after cursor: NameKey?,
        limit: Int
    ) async throws(StorageError) -> UserPage {
        try pass(.users)
        return try await base.users(matching: text, after: cursor, limit: limit)
    }

    package func replacePasswordHash(
        of id: PublicID,
        from old: PasswordHash,
        to new: PasswordHash
    ) async throws(StorageError) -> Bool {
        try pass(.replacePasswordHash)
        return try await base.replacePasswordHash(of: id, from: old, to: new)
    }

    package func changePassword(
        of id: PublicID,
        from old: PasswordHash,
        to new: PasswordHash,
        replacing key: TokenDigest,
        with session: Session,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange? {
        try pass(.changePassword)
        return try await base.changePassword(
            of: id,
            from: old,
            to: new,
            replacing: key,
            with: session,
            at: now
        )
    }

    package func setPassword(
        _ new: PasswordHash,
        of id: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        try pass(.setPassword)
        return try await base.setPassword(new, of: id, at: now)
    }

    package func setPassword(
        _ new: PasswordHash,
        byLink digest: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange? {
        try pass(.setPassword)
        return try await base.setPassword(new, byLink: digest, at: now)
    }

    package func insertLink(
        _ link: PasswordLink,
        by mandate: Mandate?
    ) async throws(StorageError) {
        try pass(.insertLink)
        try await base.insertLink(link, by: mandate)
    }

    package func user(
        ofLink digest: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> User? {
        try pass(.user)
        return try await base.user(ofLink: digest, at: now)
    }

    package func removeExpiredLinks(at now: Timestamp) async throws(StorageError) {
        try pass(.removeExpiredLinks)
        try await base.removeExpiredLinks(at: now)
    }

    package func edit(
        _ id: PublicID,
        _ edit: UserEdit,
        ifVersion version: Int64?,
        force: Bool,
        by mandate: Mandate?,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        try pass(.edit)
        return try await base.edit(
            id,
            edit,
            ifVersion: version,
            force: force,
            by: mandate,
            at: now
        )
    }

    package func delete(
        _ id: PublicID,
        force: Bool,
        by mandate: Mandate?,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        try pass(.delete)
        return try await base.delete(id, force: force, by: mandate, at: now)
    }

    package func remember(_ device: KnownDevice, keeping limit: Int) async throws(StorageError) {
        try pass(.remember)
        try await base.remember(device, keeping: limit)
    }

    package func devices(of id: PublicID) async throws(StorageError) -> [KnownDevice] {
        try pass(.devices)
        return try await base.devices(of: id)
    }

    package func isKnown(
        device key: TokenDigest,
        of id: PublicID,
        since time: Timestamp
    ) async throws(StorageError) -> Bool {
        try pass(.isKnown)
        return try await base.isKnown(device: key, of: id, since: time)
    }

    package func forgetDevices(before time: Timestamp) async throws(StorageError) {
        try pass(.forgetDevices)
        try await base.forgetDevices(before: time)
    }
}

extension FlakyStorage: SessionStorage {
    package func insert(
        _ session: Session,
        for authentication: Authentication,
        keeping limit: Int,
        ending old: [TokenDigest]
    ) async throws(StorageError) -> Insertion {
        try pass(.insertSession)
        return try await base.insert(session, for: authentication, keeping: limit, ending: old)
    }

    package func replace(
        _ old: TokenDigest,
        with session: Session,
        for authentication: Authentication
    ) async throws(StorageError) -> Principal {
        try pass(.replace)
        return try await base.replace(old, with: session, for: authentication)
    }

    package func find(_ key: TokenDigest) async throws(StorageError) -> FoundSession? {
        try pass(.findSession)
        return try await base.find(key)
    }

    package func sessions(of user: PublicID) async throws(StorageError) -> [Session] {
        try pass(.listSessions)
        return try await base.sessions(of: user)
    }

    package func touch(_ uses: [SessionUse]) async throws(StorageError) {
        try pass(.touch)
        try await base.touch(uses)
    }

    package func remove(
        _ key: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try pass(.removeSession)
        return try await base.remove(key, at: now)
    }

    package func remove(
        _ id: PublicID,
        of user: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try pass(.removeSession)
        return try await base.remove(id, of: user, at: now)
    }

    package func removeAll(
        of user: PublicID?,
        except kept: PublicID?,
        at now: Timestamp
    ) async throws(StorageError) -> [EndedSession] {
        try pass(.removeSessions)
        return try await base.removeAll(of: user, except: kept, at: now)
    }

    package func removeExpired(
        at now: Timestamp,
        after cursor: TokenDigest?,
        limit: Int
    ) async throws(StorageError) -> Sweep {
        try pass(.removeExpired)
        return try await base.removeExpired(at: now, after: cursor, limit: limit)
    }

    package func ended(
        _ key: TokenDigest,
        since time: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try pass(.ended)
        return try await base.ended(key, since: time)
    }

    package func forgetEnded(
        before time: Timestamp,
        limit: Int
    ) async throws(StorageError) -> Int {
        try pass(.forgetEnded)
        return try await base.forgetEnded(before: time, limit: limit)
    }

    package func sessionCount() async throws(StorageError) -> Int {
        try pass(.sessionCount)
        return try await base.sessionCount()
    }
}

extension FlakyStorage: ThrottleStorage {
    package func throttleEntries(limit: Int) async throws(StorageError) -> [ThrottleEntry] {
        try pass(.throttleEntries)
        return try await base.throttleEntries(limit: limit)
    }

    package func write(_ entries: [ThrottleEntry]) async throws(StorageError) {
        try pass(.writeThrottle)
        try await base.write(entries)
    }

    package func removeThrottleEntries(before time: Timestamp) async throws(StorageError) {
        try pass(.removeThrottleEntries)
        try await base.removeThrottleEntries(before: time)
    }
}
