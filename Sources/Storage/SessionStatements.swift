internal import Foundation
internal import GRDB
internal import Sessions

/// The statements about sessions and the pieces that several operations are made of.
extension SQLiteStorage {
    /// A session with its user, who is not disabled: one statement, one snapshot.
    static let findSQL = """
        SELECT s.id, s.created_at, s.authenticated_at, s.last_seen_at, s.expires_at, s.idle_limit,
            s.remembered, s.client_address, s.user_agent,
            u.id, u.username, u.email, \(joinedGroups)
        FROM sessions s JOIN users u ON u.id = s.user_id
        WHERE s.key = ? AND u.disabled = 0
        """

    /// Whether a session is over, as `SessionPolicy` judges it; takes the time twice.
    static let isExpiredSQL = "(expires_at <= ? OR ? - last_seen_at >= idle_limit)"

    /// The next records by key, and whether each is over.
    static let visitSQL = """
        SELECT key, \(isExpiredSQL) FROM sessions WHERE key > ? ORDER BY key LIMIT ?
        """

    /// The user of a new session.
    ///
    /// - Throws: `unknownUser` when there is none or the account is disabled.
    static func principal(_ id: PublicID, in db: Database) throws -> Principal {
        let statement = try db.cachedStatement(
            sql: """
                SELECT u.id, u.username, u.email, \(joinedGroups)
                FROM users u WHERE u.id = ? AND u.disabled = 0
                """
        )
        guard let user = try statement.first([id.stored], { try Principal($0, from: 0) }) else {
            throw StorageError.unknownUser
        }
        return user
    }

    /// Writes the record of a new session; it never replaces one.
    static func add(_ session: Session, to db: Database) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO sessions (key, id, user_id, created_at, authenticated_at, last_seen_at,
                    expires_at, idle_limit, remembered, client_address, user_agent)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT), CAST(? AS TEXT))
                """
        )
        try statement.execute(arguments: [
            session.key.stored, session.id.stored, session.userID.stored,
            session.createdAt.seconds, session.authenticatedAt.seconds, session.lastSeenAt.seconds,
            session.expiresAt.seconds, session.idleLimit, session.isRemembered,
            session.clientAddress.stored, session.userAgent.stored,
        ])
    }

    /// Ends the least recently used sessions of a user beyond `limit`, but never the new one.
    ///
    /// They are counted in the index first: the rows, each on a page of its own, are read only when
    /// there are too many.
    static func endSurplus(
        of new: Session,
        keeping limit: Int,
        in db: Database
    ) throws -> [TokenDigest] {
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
        let keys = try surplus.map { try $0.tokenDigest(at: 0) }
        let statement = try db.cachedStatement(sql: "DELETE FROM sessions WHERE key = ?")
        for key in keys {
            try statement.execute(arguments: [key.stored])
        }
        return keys
    }
}

extension Principal {
    /// Reads the columns id, username, email and joined groups, beginning at `first`.
    init(_ row: Row, from first: Int) throws {
        self.init(
            id: try row.publicID(at: first),
            username: try row.text(at: first + 1),
            email: try row.optionalText(at: first + 2),
            groups: try row.groups(at: first + 3)
        )
    }
}

extension FoundSession {
    /// Reads the columns of `findSQL`.
    init(_ row: Row, key: TokenDigest) throws {
        let principal = try Principal(row, from: 9)
        let session = Session(
            key: key,
            id: try row.publicID(at: 0),
            userID: principal.id,
            createdAt: Timestamp(seconds: try row.integer(at: 1)),
            authenticatedAt: Timestamp(seconds: try row.integer(at: 2)),
            lastSeenAt: Timestamp(seconds: try row.integer(at: 3)),
            expiresAt: Timestamp(seconds: try row.integer(at: 4)),
            idleLimit: try row.integer(at: 5),
            isRemembered: try row.integer(at: 6) == 1,
            clientAddress: try row.text(at: 7),
            userAgent: try row.text(at: 8)
        )
        self.init(session: session, principal: principal)
    }
}
