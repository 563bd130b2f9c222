package import Sessions

extension SQLStorage {
    /// Adds a session and ends those that it takes the place of.
    package func insert(
        _ session: Session,
        for authentication: Authentication,
        keeping limit: Int,
        ending old: [TokenDigest]
    ) async throws(StorageError) -> Insertion {
        guard session.userID == authentication.userID else { throw .unknownUser }
        return try await write(to: .account(session.userID)) { db in
            let principal = try db.principal(authentication)
            try db.add(session)
            let replaced = try old.filter { $0 != session.key }.compactMap { key in
                try db.end(key, at: session.lastSeenAt)
            }
            let exceeded = try db.endSurplus(of: session, keeping: limit)
            return Insertion(principal: principal, replaced: replaced, exceeded: exceeded)
        }
    }

    /// Puts a new session of the same user in the place of an old one.
    package func replace(
        _ old: TokenDigest,
        with session: Session,
        for authentication: Authentication
    ) async throws(StorageError) -> Principal {
        guard session.userID == authentication.userID else { throw .unknownUser }
        guard session.key != old else { throw .duplicate }
        return try await write(to: .account(session.userID)) { db in
            let ended = try db.end(old, at: session.lastSeenAt)
            guard ended?.userID == session.userID else { throw StorageError.unknownUser }
            let principal = try db.principal(authentication)
            try db.add(session)
            return principal
        }
    }

    /// Looks a session up together with its user.
    package func find(_ key: TokenDigest) async throws(StorageError) -> FoundSession? {
        try await read(for: .check) { db in
            try db.first(Connection.dialect.findSession, [.key(key)]) { row in
                try FoundSession(row, key: key)
            }
        }
    }

    /// Returns the sessions of a user.
    package func sessions(of user: PublicID) async throws(StorageError) -> [Session] {
        try await read(for: .other) { db in
            try db.all(Connection.listSQL, [.id(user)]) { row in
                try Session(row, key: row.tokenDigest(at: 9), userID: user)
            }
        }
    }

    /// Returns whose session has a public id.
    ///
    /// No index serves that: it walks the one by user, which takes SQLite some 0.3 s for a million
    /// sessions.
    package func owner(ofSession id: PublicID) async throws(StorageError) -> PublicID? {
        try await read(for: .everything) { db in
            try db.first("SELECT user_id FROM sessions WHERE id = ?", [.id(id)]) { row in
                try row.publicID(at: 0)
            }
        }
    }

    /// Notes when sessions were last used.
    ///
    /// A session that somebody else is changing is left out: another machine notes its use at
    /// this moment, or it ends.
    package func touch(_ uses: [SessionUse]) async throws(StorageError) {
        guard !uses.isEmpty else { return }
        let condition = Connection.dialect.unlocked("key = ?2 AND last_seen_at < ?1")
        let sql = "UPDATE sessions SET last_seen_at = ?1 WHERE \(condition)"
        try await write(to: .rows) { db in
            // In one order everywhere: two writers that meet do not wait for each other.
            for use in uses.sorted(by: { $0.key < $1.key }) {
                try db.run(sql, [.time(use.seenAt), .key(use.key)])
            }
        }
    }

    /// Ends a session; returns what it was, or `nil` when there was none.
    package func remove(
        _ key: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await write(to: .rows) { db in try db.end(key, at: now) }
    }

    /// Ends the session of a user that has a public id.
    package func remove(
        _ id: PublicID,
        of user: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await write(to: .account(user)) { db in
            try db.end(where: "user_id = ? AND id = ?", [.id(user), .id(id)], at: now).first
        }
    }

    /// Ends all sessions of a user, or of everybody, but for the one of a public id.
    package func removeAll(
        of user: PublicID?,
        except kept: PublicID?,
        at now: Timestamp
    ) async throws(StorageError) -> [EndedSession] {
        guard let user else {
            return try await write(to: .allSessions) { db in
                try db.endAllSessions(except: kept, at: now)
            }
        }
        return try await write(to: .account(user)) { db in
            try db.endAll(of: user, except: kept, at: now)
        }
    }
}
