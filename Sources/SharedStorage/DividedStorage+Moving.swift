package import Sessions
package import Storage

/// The marker of a move and all tables but the sessions are in PostgreSQL.
extension DividedStorage: Movable {
    package func unfinishedMove() async throws(StorageError) -> String? {
        try await accounts.unfinishedMove()
    }

    package func beginMove(from source: String) async throws(StorageError) {
        if try await accounts.unfinishedMove() == nil, try await sessionCount() > 0 {
            throw .conflict
        }
        try await accounts.beginMove(from: source)
    }

    package func finishMove() async throws(StorageError) {
        try await accounts.finishMove()
    }

    package func rows(
        of table: MovableTable,
        after key: MovableTable.Row?,
        limit: Int
    ) async throws(StorageError) -> [MovableTable.Row] {
        guard table == .sessions else {
            return try await accounts.rows(of: table, after: key, limit: limit)
        }
        var last = try key.map { row throws(StorageError) in try TokenDigest(row) }
        while true {
            let page = try await sessions.page(after: last, limit: limit)
            guard let end = page.last else { return [] }
            // Those that a new password has ended are no sessions, though they may lie there.
            let versions = try await versions(of: page.map(\.session.userID))
            let live = page.filter { versions[$0.session.userID] == $0.credentialVersion }
            if !live.isEmpty { return live.map(\.session.row) }
            last = end.session.key
        }
    }

    /// The beginning, for the sessions: they lie in an order in which nobody adds them.
    package func lastKey(
        of table: MovableTable
    ) async throws(StorageError) -> MovableTable.Row? {
        table == .sessions ? nil : try await accounts.lastKey(of: table)
    }

    package func add(
        _ rows: [MovableTable.Row],
        to table: MovableTable
    ) async throws(StorageError) {
        guard table == .sessions else { return try await accounts.add(rows, to: table) }
        var moved: [Session] = []
        for row in rows { moved.append(try Session(row)) }
        // Whatever is a session elsewhere was begun with the password of now.
        let versions = try await versions(of: moved.map(\.userID))
        try await sessions.add(
            moved.compactMap { session in
                versions[session.userID].map {
                    RedisSessions.Moved(session: session, credentialVersion: $0)
                }
            }
        )
    }

    /// The credential versions of accounts.
    private func versions(
        of users: [PublicID]
    ) async throws(StorageError) -> [PublicID: Int64] {
        let users = Array(Set(users))
        return try await accounts.read(for: .other) { db in
            var versions: [PublicID: Int64] = [:]
            for start in stride(from: 0, to: users.count, by: 50) {
                // Always as many, so that one statement is prepared.
                let some = (start..<start + 50).map { users[min($0, users.count - 1)] }
                let list = some.map { _ in "?" }.joined(separator: ", ")
                let found = try db.all(
                    "SELECT id, credential_version FROM users WHERE id IN (\(list))",
                    some.map { .id($0) }
                ) { row in (try row.publicID(at: 0), try row.integer(at: 1)) }
                for (id, version) in found { versions[id] = version }
            }
            return versions
        }
    }
}

extension TokenDigest {
    fileprivate init(_ row: MovableTable.Row) throws(StorageError) {
        guard case .bytes(let bytes)? = row.first, let key = TokenDigest(bytes: bytes) else {
            throw .damaged
        }
        self = key
    }
}

extension Session {
    /// Reads a row of `MovableTable.sessions`.
    fileprivate init(_ row: MovableTable.Row) throws(StorageError) {
        guard row.count == 11, case .bytes(let id) = row[1], let id = PublicID(bytes: id),
            case .bytes(let user) = row[2], let user = PublicID(bytes: user),
            case .integer(let createdAt) = row[3], case .integer(let authenticatedAt) = row[4],
            case .integer(let lastSeenAt) = row[5], case .integer(let expiresAt) = row[6],
            case .integer(let idleLimit) = row[7], case .integer(let isRemembered) = row[8],
            case .text(let clientAddress) = row[9], case .text(let userAgent) = row[10]
        else { throw .damaged }
        self.init(
            key: try TokenDigest(row),
            id: id,
            userID: user,
            createdAt: Timestamp(seconds: createdAt),
            authenticatedAt: Timestamp(seconds: authenticatedAt),
            lastSeenAt: Timestamp(seconds: lastSeenAt),
            expiresAt: Timestamp(seconds: expiresAt),
            idleLimit: idleLimit,
            isRemembered: isRemembered == 1,
            clientAddress: clientAddress,
            userAgent: userAgent
        )
    }
}
