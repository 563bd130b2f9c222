internal import Foundation
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
        try end(where: "key = :key", ["key": key.stored], at: now, in: db).first
    }

    /// Ends all sessions of a user, but for one.
    static func endAll(
        of user: PublicID,
        except kept: PublicID? = nil,
        at now: Timestamp,
        in db: Database
    ) throws -> [EndedSession] {
        guard let kept else {
            return try end(where: "user_id = :user", ["user": user.stored], at: now, in: db)
        }
        return try end(
            where: "user_id = :user AND id <> :kept",
            ["user": user.stored, "kept": kept.stored],
            at: now,
            in: db
        )
    }

    /// Ends the sessions that a condition names, and remembers their keys.
    static func end(
        where condition: String,
        _ arguments: [String: (any DatabaseValueConvertible)?],
        at now: Timestamp,
        in db: Database
    ) throws -> [EndedSession] {
        // A key that ended before and was in use again counts from its last end.
        let burial = try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO ended_sessions (key, id, user_id, ended_at)
                SELECT key, id, user_id, :now FROM sessions WHERE \(condition)
                """
        )
        var values = StatementArguments(arguments)
        values += ["now": now.seconds]
        try burial.execute(arguments: values)
        guard db.changesCount > 0 else { return [] }
        let deletion = try db.cachedStatement(
            sql: "DELETE FROM sessions WHERE \(condition) RETURNING key, id, user_id"
        )
        return try Row.fetchAll(deletion, arguments: StatementArguments(arguments))
            .map(EndedSession.init)
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
        let count = try Int.fetchOne(
            db.cachedStatement(sql: "SELECT count(*) FROM sessions WHERE user_id = ?"),
            arguments: [user]
        )
        guard let count, count > max(1, limit) else { return [] }
        let surplus = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT key FROM sessions WHERE user_id = ? AND key <> ?
                    ORDER BY last_seen_at, created_at, key LIMIT ?
                    """
            ),
            arguments: [user, new.key.stored, count - max(1, limit)]
        )
        return try surplus.compactMap { row in
            try end(row.tokenDigest(at: 0), at: new.lastSeenAt, in: db)
        }
    }
}

extension EndedSession {
    /// Reads the columns key, id and user.
    init(_ row: Row) throws {
        self.init(
            key: try row.tokenDigest(at: 0),
            id: try row.publicID(at: 1),
            userID: try row.publicID(at: 2)
        )
    }
}
