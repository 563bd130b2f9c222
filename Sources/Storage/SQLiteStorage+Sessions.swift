internal import Foundation
internal import GRDB
package import Sessions

extension SQLiteStorage: SessionStorage {
    package func insert(
        _ session: Session,
        keeping limit: Int
    ) async throws(StorageError) -> Insertion {
        try await commits.perform { db in
            let principal = try Self.principal(session.userID, in: db)
            try Self.add(session, to: db)
            let ended = try Self.endSurplus(of: session, keeping: limit, in: db)
            return Insertion(principal: principal, ended: ended)
        }
    }

    package func replace(
        _ old: TokenDigest,
        with session: Session
    ) async throws(StorageError) -> Principal {
        try await commits.perform { db in
            try db.cachedStatement(sql: "DELETE FROM sessions WHERE key = ?")
                .execute(arguments: [old.stored])
            guard db.changesCount == 1 else { throw StorageError.unknownUser }
            let principal = try Self.principal(session.userID, in: db)
            try Self.add(session, to: db)
            return principal
        }
    }

    package func find(_ key: TokenDigest) async throws(StorageError) -> FoundSession? {
        do {
            return try readers.read { db in
                try db.cachedStatement(sql: Self.findSQL).first([key.stored]) { row in
                    try FoundSession(row, key: key)
                }
            }
        } catch {
            throw StorageError(error)
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
                try statement.execute(arguments: [time, use.key.stored, time])
            }
        }
    }

    package func remove(_ key: TokenDigest) async throws(StorageError) -> PublicID? {
        try await commits.perform { db in
            let rows = try Row.fetchAll(
                db.cachedStatement(sql: "DELETE FROM sessions WHERE key = ? RETURNING id"),
                arguments: [key.stored]
            )
            return try rows.first?.publicID(at: 0)
        }
    }

    /// Removes expired sessions among the next `limit` records after `cursor`.
    ///
    /// They are looked for on a reading connection, and the write lock is taken only when there are
    /// some. Each is judged once more when it is removed: it may have been used meanwhile.
    package func removeExpired(
        at now: Timestamp,
        after cursor: TokenDigest?,
        limit: Int
    ) async throws(StorageError) -> Sweep {
        let step = try visit(at: now, after: cursor, limit: limit)
        guard !step.expired.isEmpty else { return Sweep(removed: [], cursor: step.cursor) }
        let removed = try await commits.perform { db in
            let statement = try db.cachedStatement(
                sql: "DELETE FROM sessions WHERE key = ? AND \(Self.isExpiredSQL)"
            )
            return try step.expired.filter { key in
                try statement.execute(arguments: [key.stored, now.seconds, now.seconds])
                return db.changesCount == 1
            }
        }
        return Sweep(removed: removed, cursor: step.cursor)
    }

    /// Reads the keys of the expired records among the next ones.
    private func visit(
        at now: Timestamp,
        after cursor: TokenDigest?,
        limit: Int
    ) throws(StorageError) -> (expired: [TokenDigest], cursor: TokenDigest?) {
        do {
            return try readers.read { db in
                let rows = try Row.fetchCursor(
                    db.cachedStatement(sql: Self.visitSQL),
                    arguments: [
                        now.seconds, now.seconds, cursor?.stored ?? Data(), max(1, limit),
                    ]
                )
                var expired: [TokenDigest] = []
                var last: TokenDigest?
                var count = 0
                while let row = try rows.next() {
                    let key = try row.tokenDigest(at: 0)
                    if try row.integer(at: 1) == 1 { expired.append(key) }
                    last = key
                    count += 1
                }
                return (expired, count == max(1, limit) ? last : nil)
            }
        } catch {
            throw StorageError(error)
        }
    }
}
