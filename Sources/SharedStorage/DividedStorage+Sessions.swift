internal import Glibc
package import Sessions

extension DividedStorage: SessionStorage {
    package func insert(
        _ session: Session,
        for authentication: Authentication,
        keeping limit: Int,
        ending old: [TokenDigest]
    ) async throws(StorageError) -> Insertion {
        guard session.userID == authentication.userID else { throw .unknownUser }
        let insertion = try await ask(at: session.lastSeenAt) { () throws(StorageError) in
            try await sessions.insert(session, for: authentication, keeping: limit, ending: old)
        }
        guard let insertion else { throw .unknownUser }
        return insertion
    }

    package func replace(
        _ old: TokenDigest,
        with session: Session,
        for authentication: Authentication
    ) async throws(StorageError) -> Principal {
        guard session.userID == authentication.userID else { throw .unknownUser }
        guard session.key != old else { throw .duplicate }
        let principal = try await ask(at: session.lastSeenAt) { () throws(StorageError) in
            try await sessions.replace(old, with: session, for: authentication)
        }
        guard let principal else { throw .unknownUser }
        return principal
    }

    package func find(_ key: TokenDigest) async throws(StorageError) -> FoundSession? {
        try await ask(at: .present) { () throws(StorageError) in try await sessions.find(key) }
            ?? nil
    }

    package func sessions(of user: PublicID) async throws(StorageError) -> [Session] {
        try await sessions.sessions(of: user)
    }

    package func touch(_ uses: [SessionUse]) async throws(StorageError) {
        try await sessions.touch(uses)
    }

    package func remove(
        _ key: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await sessions.remove(key, at: now)
    }

    package func remove(
        _ id: PublicID,
        of user: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await sessions.remove(id, of: user, at: now)
    }

    package func removeAll(
        of user: PublicID?,
        except kept: PublicID?,
        at now: Timestamp
    ) async throws(StorageError) -> [EndedSession] {
        if let user { return try await sessions.removeAll(of: user, except: kept, at: now) }
        return try await sessions.removeAll(except: kept, at: now)
    }

    package func removeExpired(
        at now: Timestamp,
        after cursor: TokenDigest?,
        limit: Int
    ) async throws(StorageError) -> Sweep {
        try await sessions.removeExpired(at: now, after: cursor, limit: limit)
    }

    package func ended(
        _ key: TokenDigest,
        since time: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await sessions.ended(key, since: time)
    }

    package func forgetEnded(
        before time: Timestamp,
        limit: Int
    ) async throws(StorageError) -> Int {
        try await sessions.forgetEnded(before: time, limit: limit)
    }

    package func sessionCount() async throws(StorageError) -> Int {
        try await sessions.sessionCount()
    }

    package func owner(ofSession id: PublicID) async throws(StorageError) -> PublicID? {
        try await sessions.owner(ofSession: id)
    }
}

extension Timestamp {
    /// Now, by the clock of this machine.
    static var present: Timestamp { Timestamp(seconds: Int64(time(nil))) }
}
