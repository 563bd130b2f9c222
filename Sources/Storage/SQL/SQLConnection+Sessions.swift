package import Sessions

/// The statements about sessions and the pieces that several operations are made of.
extension SQLConnection {
    /// The sessions of a user, the most recently used first.
    static var listSQL: String {
        """
        SELECT s.id, s.created_at, s.authenticated_at, s.last_seen_at, s.expires_at, s.idle_limit,
            s.remembered, s.client_address, s.user_agent, s.key
        FROM sessions s WHERE s.user_id = ?
        ORDER BY s.last_seen_at DESC, s.created_at DESC, s.key
        """
    }

    /// The user of a new session.
    ///
    /// - Throws: `unknownUser` when there is none, the account is disabled, or its password is not
    ///   the one that was proved.
    func principal(_ authentication: Authentication) throws -> Principal {
        let sql = """
            SELECT u.id, u.username, u.email, \(Self.dialect.joinedGroups)
            FROM users u WHERE u.id = ? AND u.disabled = 0 AND u.credential_version = ?
            """
        let user = try first(
            sql,
            [.id(authentication.userID), .integer(authentication.credentialVersion)]
        ) { row in
            try Principal(row, from: 0)
        }
        guard let user else { throw StorageError.unknownUser }
        return user
    }

    /// Writes the record of a new session; it never replaces one.
    func add(_ session: Session) throws {
        try run(
            """
            INSERT INTO sessions (key, id, user_id, created_at, authenticated_at, last_seen_at,
                expires_at, idle_limit, remembered, client_address, user_agent)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT), CAST(? AS TEXT))
            """,
            session.row
        )
    }
}

extension Session {
    /// The session as a row of `MovableTable.sessions`.
    package var row: MovableTable.Row {
        [
            .key(key), .id(id), .id(userID), .time(createdAt), .time(authenticatedAt),
            .time(lastSeenAt), .time(expiresAt), .integer(idleLimit), .flag(isRemembered),
            .text(clientAddress), .text(userAgent),
        ]
    }
}

extension Principal {
    /// Reads the columns id, username, email and joined groups, beginning at `first`.
    init(_ row: some SQLRow, from first: Int) throws {
        self.init(
            id: try row.publicID(at: first),
            username: try row.text(at: first + 1),
            email: try row.optionalText(at: first + 2),
            groups: try row.groups(at: first + 3)
        )
    }
}

extension Session {
    /// Reads the columns with which `Dialect.findSession` and `listSQL` begin.
    init(_ row: some SQLRow, key: TokenDigest, userID: PublicID) throws {
        self.init(
            key: key,
            id: try row.publicID(at: 0),
            userID: userID,
            createdAt: try row.time(at: 1),
            authenticatedAt: try row.time(at: 2),
            lastSeenAt: try row.time(at: 3),
            expiresAt: try row.time(at: 4),
            idleLimit: try row.integer(at: 5),
            isRemembered: try row.integer(at: 6) == 1,
            clientAddress: try row.text(at: 7),
            userAgent: try row.text(at: 8)
        )
    }
}

extension FoundSession {
    /// Reads the columns of `Dialect.findSession`.
    init(_ row: some SQLRow, key: TokenDigest) throws {
        let principal = try Principal(row, from: 9)
        let session = try Session(row, key: key, userID: principal.id)
        self.init(session: session, principal: principal)
    }
}
