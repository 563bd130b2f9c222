internal import GRDB
internal import Sessions

/// Ending sessions: every deletion of one goes through here, so that its key is remembered.
extension SQLiteStorage {
    /// Ends the session of a key; returns what it was, or `nil` when there was none.
    static func end(
        _ key: TokenDigest,
        at now: Timestamp,
        in db: Database
    ) throws -> EndedSession? {
        try end(where: "key = ?", [key.stored], at: now, in: db).first
    }

    /// Ends all sessions of a user, but for one.
    static func endAll(
        of user: PublicID,
        except kept: PublicID? = nil,
        at now: Timestamp,
        in db: Database
    ) throws -> [EndedSession] {
        try end(
            where: "user_id = ? AND id IS NOT ?",
            [user.stored, kept?.stored],
            at: now,
            in: db
        )
    }

    /// Ends the sessions that a condition names, and remembers their keys.
    static func end(
        where condition: String,
        _ values: Statement.Values,
        at now: Timestamp,
        in db: Database
    ) throws -> [EndedSession] {
        let deletion = try db.cachedStatement(
            sql: "DELETE FROM sessions WHERE \(condition) RETURNING key, id, user_id"
        )
        let ended = try deletion.all(values, EndedSession.init)
        // A key that ended before and was in use again counts from its last end.
        let burial = try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO ended_sessions (key, id, user_id, ended_at)
                VALUES (?, ?, ?, ?)
                """
        )
        for session in ended {
            try burial.run([
                session.key.stored, session.id.stored, session.userID.stored, now.seconds,
            ])
        }
        return ended
    }

    /// Ends every session of everybody, and takes away every link to set a password; returns how
    /// many sessions there were.
    ///
    /// SQLite moves the rows by itself: there may be a million.
    static func endEverything(at now: Timestamp, in db: Database) throws -> Int {
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO ended_sessions (key, id, user_id, ended_at)
                SELECT key, id, user_id, ? FROM sessions
                """,
            arguments: [now.seconds]
        )
        try db.execute(sql: "DELETE FROM sessions")
        let count = db.changesCount
        try db.execute(sql: "DELETE FROM password_links")
        return count
    }

    /// Ends the least recently used sessions of a user beyond `limit`, but never the new one.
    ///
    /// They are counted in the index first: the rows, each on a page of its own, are read only when
    /// there are too many.
    static func endSurplus(
        of new: Session,
        keeping limit: Int,
        in db: Database
    ) throws -> [EndedSession] {
        let user = new.userID.stored
        let counting = try db.cachedStatement(
            sql: "SELECT count(*) FROM sessions WHERE user_id = ?"
        )
        let count = try counting.first([user]) { try $0.integer(at: 0) } ?? 0
        let surplus = count - Int64(max(1, limit))
        guard surplus > 0 else { return [] }
        let oldest = try db.cachedStatement(
            sql: """
                SELECT key FROM sessions WHERE user_id = ? AND key <> ?
                ORDER BY last_seen_at, created_at, key LIMIT ?
                """
        )
        return try oldest.all([user, new.key.stored, surplus]) { try $0.tokenDigest(at: 0) }
            .compactMap { try end($0, at: new.lastSeenAt, in: db) }
    }
}

extension EndedSession {
    /// Reads the columns key, id and user.
    init(_ row: Columns) throws {
        self.init(
            key: try row.tokenDigest(at: 0),
            id: try row.publicID(at: 1),
            userID: try row.publicID(at: 2)
        )
    }
}
