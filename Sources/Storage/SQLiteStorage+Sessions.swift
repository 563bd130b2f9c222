internal import GRDB
package import Sessions

extension SQLiteStorage: SessionStorage {
    package func insert(
        _ session: Session,
        for authentication: Authentication,
        keeping limit: Int,
        ending old: [TokenDigest]
    ) async throws(StorageError) -> Insertion {
        guard session.userID == authentication.userID else { throw .unknownUser }
        return try await commits.perform { db in
            let principal = try Self.principal(authentication, in: db)
            try Self.add(session, to: db)
            let replaced = try old.filter { $0 != session.key }.compactMap { key in
                try Self.end(key, at: session.lastSeenAt, in: db)
            }
            let exceeded = try Self.endSurplus(of: session, keeping: limit, in: db)
            return Insertion(principal: principal, replaced: replaced, exceeded: exceeded)
        }
    }

    package func replace(
        _ old: TokenDigest,
        with session: Session,
        for authentication: Authentication
    ) async throws(StorageError) -> Principal {
        guard session.userID == authentication.userID else { throw .unknownUser }
        guard session.key != old else { throw .duplicate }
        return try await commits.perform { db in
            let ended = try Self.end(old, at: session.lastSeenAt, in: db)
            guard ended?.userID == session.userID else { throw StorageError.unknownUser }
            let principal = try Self.principal(authentication, in: db)
            try Self.add(session, to: db)
            return principal
        }
    }

    package func find(_ key: TokenDigest) async throws(StorageError) -> FoundSession? {
        try read { db in
            try db.cachedStatement(sql: Self.findSQL).first([key.stored]) { row in
                try FoundSession(row, key: key)
            }
        }
    }

    package func sessions(of user: PublicID) async throws(StorageError) -> [Session] {
        try read { db in
            try db.cachedStatement(sql: Self.listSQL).all([user.stored]) { row in
                try Session(row, key: row.tokenDigest(at: 9), userID: user)
            }
        }
    }

    /// Returns whose session has a public id.
    ///
    /// No index serves that: it walks the one by user, which takes some 0.3 s for a million
    /// sessions.
    package func owner(ofSession id: PublicID) async throws(StorageError) -> PublicID? {
        try read { db in
            try db.cachedStatement(sql: "SELECT user_id FROM sessions WHERE id = ?")
                .first([id.stored]) { try $0.publicID(at: 0) }
        }
    }

    package func touch(_ uses: [SessionUse]) async throws(StorageError) {
        guard !uses.isEmpty else { return }
        try await commits.perform { db in
            let statement = try db.cachedStatement(
                sql: "UPDATE sessions SET last_seen_at = ? WHERE key = ? AND last_seen_at < ?"
            )
            for use in uses {
                let time = use.seenAt.seconds
                try statement.run([time, use.key.stored, time])
            }
        }
    }

    package func remove(
        _ key: TokenDigest,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await commits.perform { db in try Self.end(key, at: now, in: db) }
    }

    package func remove(
        _ id: PublicID,
        of user: PublicID,
        at now: Timestamp
    ) async throws(StorageError) -> EndedSession? {
        try await commits.perform { db in
            try Self.end(
                where: "user_id = ? AND id = ?",
                [user.stored, id.stored],
                at: now,
                in: db
            ).first
        }
    }

    package func removeAll(
        of user: PublicID?,
        except kept: PublicID?,
        at now: Timestamp
    ) async throws(StorageError) -> [EndedSession] {
        try await commits.perform { db in
            if let user { return try Self.endAll(of: user, except: kept, at: now, in: db) }
            return try Self.end(where: "id IS NOT ?", [kept?.stored], at: now, in: db)
        }
    }
}
