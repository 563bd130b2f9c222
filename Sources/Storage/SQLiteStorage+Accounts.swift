package import Accounts
internal import Foundation
internal import GRDB
package import Sessions

extension SQLiteStorage: AccountStorage {
    package func insert(
        _ account: NewAccount,
        beginning session: Session?,
        by mandate: Mandate?
    ) async throws(StorageError) {
        try await commits.perform { db in
            try Self.require(mandate, in: db)
            try Self.add(account, to: db)
            guard let session else { return }
            guard session.userID == account.user.id else { throw StorageError.unknownUser }
            let authentication = Authentication(userID: account.user.id, credentialVersion: 1)
            _ = try Self.principal(authentication, in: db)
            try Self.add(session, to: db)
        }
    }

    /// Adds many accounts, or none; returns the positions of those whose names are taken.
    ///
    /// It is one transaction, some 25 µs for each account, during which nobody else writes.
    package func insertAll(_ accounts: [NewAccount]) async throws(StorageError) -> [Int] {
        try await commits.perform { db in
            let statement = try db.cachedStatement(
                sql: "SELECT 1 FROM account_names WHERE key = CAST(? AS TEXT)"
            )
            var seen: Set<NameKey> = []
            let taken = try accounts.indices.filter { index in
                // Every key is noted, also of an account that is refused already.
                try accounts[index].keys.reduce(false) { isTaken, key in
                    let isNew = seen.insert(key).inserted
                    return try isTaken || !isNew
                        || statement.first([key.text.stored]) { _ in true } != nil
                }
            }
            guard taken.isEmpty else { return taken }
            for account in accounts { try Self.add(account, to: db) }
            return []
        }
    }

    package func credentials(of name: NameKey) async throws(StorageError) -> Credentials? {
        try credentials(
            "account_names n JOIN users u ON u.id = n.user_id WHERE n.key = CAST(? AS TEXT)",
            name.text.stored
        )
    }

    package func credentials(of id: PublicID) async throws(StorageError) -> Credentials? {
        try credentials("users u WHERE u.id = ?", id.stored)
    }

    package func user(_ id: PublicID) async throws(StorageError) -> User? {
        try read { db in try Self.user(id, in: db) }
    }

    /// Reads a page of accounts; an empty text matches all.
    ///
    /// The text is looked for in the index that holds the keys of both names, from the cursor on,
    /// until the page is full. Without a text that is as many steps as accounts on the page; with
    /// one that nobody has it is a walk over all of it.
    package func users(
        matching text: String,
        after cursor: NameKey?,
        limit: Int
    ) async throws(StorageError) -> UserPage {
        let limit = min(max(1, limit), 10_000)
        let rows = try read { db in
            try db.cachedStatement(sql: text.isEmpty ? Self.pageSQL() : Self.searchSQL).all(named: [
                "cursor": (cursor?.text ?? "").stored, "limit": limit + 1,
                "text": text.isEmpty ? nil : text.stored,
            ]) { row in
                (try User(row), NameKey(stored: try row.text(at: 7)))
            }
        }
        let page = rows.prefix(limit)
        return UserPage(
            users: page.map { $0.0 },
            cursor: rows.count > limit ? page.last?.1 : nil
        )
    }

    private static let searchSQL = pageSQL(
        where: """
            AND (instr(name_key, CAST(:text AS TEXT)) > 0
                OR instr(email_key, CAST(:text AS TEXT)) > 0)
            """
    )

    /// The next accounts by the key of the name; only the index is read to find them.
    private static func pageSQL(where condition: String = "AND :text IS NULL") -> String {
        """
        SELECT \(userColumns), u.name_key FROM (
            SELECT id FROM users INDEXED BY users_by_name
            WHERE name_key > CAST(:cursor AS TEXT) \(condition)
            ORDER BY name_key LIMIT :limit
        ) p CROSS JOIN users u ON u.id = p.id ORDER BY u.name_key
        """
    }

    private func credentials(
        _ source: String,
        _ key: Data
    ) throws(StorageError) -> Credentials? {
        let sql = """
            SELECT \(Self.userColumns), u.password_hash, u.credential_version FROM \(source)
            """
        return try read { db in
            try db.cachedStatement(sql: sql).first([key]) { row in
                Credentials(
                    user: try User(row),
                    passwordHash: PasswordHash(text: try row.text(at: 7)),
                    credentialVersion: try row.integer(at: 8)
                )
            }
        }
    }
}
