internal import Sessions

/// Ending sessions: every deletion of one goes through here, so that its key is remembered and
/// other processes hear of it.
extension SQLConnection {
    /// Ends the session of a key; returns what it was, or `nil` when there was none.
    func end(_ key: TokenDigest, at now: Timestamp) throws -> EndedSession? {
        try end(where: "key = ?", [.key(key)], at: now).first
    }

    /// Ends all sessions of a user, but for one.
    func endAll(
        of user: PublicID,
        except kept: PublicID? = nil,
        at now: Timestamp
    ) throws -> [EndedSession] {
        guard hasSessions else { return [] }
        return try end(
            where: "user_id = ? AND id IS DISTINCT FROM ?",
            [.id(user), kept.map { .id($0) } ?? .null],
            at: now
        )
    }

    /// Ends the sessions that a condition names, and remembers their keys.
    func end(
        where condition: String,
        _ values: [SQLValue],
        at now: Timestamp
    ) throws -> [EndedSession] {
        let ended = try all(
            "DELETE FROM sessions WHERE \(condition) RETURNING key, id, user_id",
            values
        ) { row in try EndedSession(row) }
        for session in ended {
            // A key that ended before and was in use again counts from its last end.
            try run(
                """
                INSERT INTO ended_sessions (key, id, user_id, ended_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (key) DO UPDATE SET id = excluded.id, user_id = excluded.user_id,
                    ended_at = excluded.ended_at
                """,
                [.key(session.key), .id(session.id), .id(session.userID), .time(now)]
            )
            try announce(.session(session.key))
        }
        return ended
    }

    /// Ends the sessions of everybody, but for one.
    ///
    /// The database remembers the keys by itself: there may be a million.
    func endAllSessions(except kept: PublicID?, at now: Timestamp) throws -> [EndedSession] {
        let kept = kept.map { SQLValue.id($0) } ?? .null
        try rememberEndOfAll(except: kept, at: now)
        let ended = try all(
            "DELETE FROM sessions WHERE id IS DISTINCT FROM ? RETURNING key, id, user_id",
            [kept]
        ) { row in try EndedSession(row) }
        try announce(.anything)
        return ended
    }

    /// Ends every session of everybody, and takes away every link to set a password; returns how
    /// many sessions there were.
    ///
    /// The database moves the rows by itself: there may be a million.
    func endEverything(at now: Timestamp) throws -> Int {
        try rememberEndOfAll(except: .null, at: now)
        let count = try change("DELETE FROM sessions", [])
        try run("DELETE FROM password_links")
        try announce(.anything)
        return count
    }

    /// Remembers the keys of everybody's sessions, but for one, as ended.
    private func rememberEndOfAll(except kept: SQLValue, at now: Timestamp) throws {
        try run(
            """
            INSERT INTO ended_sessions (key, id, user_id, ended_at)
            SELECT key, id, user_id, CAST(?1 AS BIGINT) FROM sessions
            WHERE id IS DISTINCT FROM ?2
            ON CONFLICT (key) DO UPDATE SET id = excluded.id, user_id = excluded.user_id,
                ended_at = excluded.ended_at
            """,
            [.time(now), kept]
        )
    }

    /// Ends the least recently used sessions of a user beyond `limit`, but never the new one.
    ///
    /// They are counted in the index first: the rows, each on a page of its own, are read only when
    /// there are too many.
    func endSurplus(of new: Session, keeping limit: Int) throws -> [EndedSession] {
        let count = try first(
            "SELECT count(*) FROM sessions WHERE user_id = ?",
            [.id(new.userID)]
        ) { row in try row.integer(at: 0) }
        let surplus = (count ?? 0) - Int64(max(1, limit))
        guard surplus > 0 else { return [] }
        let oldest = try all(
            """
            SELECT key FROM sessions WHERE user_id = ? AND key <> ?
            ORDER BY last_seen_at, created_at, key LIMIT ?
            """,
            [.id(new.userID), .key(new.key), .integer(surplus)]
        ) { row in try row.tokenDigest(at: 0) }
        return try oldest.compactMap { try end($0, at: new.lastSeenAt) }
    }
}

extension EndedSession {
    /// Reads the columns key, id and user.
    init(_ row: some SQLRow) throws {
        self.init(
            key: try row.tokenDigest(at: 0),
            id: try row.publicID(at: 1),
            userID: try row.publicID(at: 2)
        )
    }
}
