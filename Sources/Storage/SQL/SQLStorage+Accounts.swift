package import Accounts
package import Sessions

extension SQLStorage {
    /// Adds an account, and its first session where one is given.
    package func insert(
        _ account: NewAccount,
        beginning session: Session?,
        by mandate: Mandate?
    ) async throws(StorageError) {
        try await write(to: .account(account.user.id)) { db in
            try db.require(mandate)
            try db.add(account)
            guard let session else { return }
            guard session.userID == account.user.id else { throw StorageError.unknownUser }
            let authentication = Authentication(userID: account.user.id, credentialVersion: 1)
            _ = try db.principal(authentication)
            try db.add(session)
        }
    }

    /// Adds many accounts, or none; returns the positions of those whose names are taken.
    ///
    /// It is one transaction, in SQLite some 25 µs for each account, during which nobody else
    /// writes.
    package func insertAll(_ accounts: [NewAccount]) async throws(StorageError) -> [Int] {
        try await write(to: .rows) { db in
            var seen = try db.takenNames(among: accounts.flatMap(\.keys))
            let taken = accounts.indices.filter { index in
                // Every key is noted, also of an account that is refused already.
                accounts[index].keys.reduce(false) { isTaken, key in
                    let isNew = seen.insert(key).inserted
                    return isTaken || !isNew
                }
            }
            guard taken.isEmpty else { return taken }
            for account in accounts { try db.add(account) }
            return []
        }
    }

    /// Looks up an account and its password hash by the key of a name.
    package func credentials(of name: NameKey) async throws(StorageError) -> Credentials? {
        try await credentials(
            "account_names n JOIN users u ON u.id = n.user_id WHERE n.key = CAST(? AS TEXT)",
            .text(name.text)
        )
    }

    /// Looks up an account and its password hash by its id.
    package func credentials(of id: PublicID) async throws(StorageError) -> Credentials? {
        try await credentials("users u WHERE u.id = ?", .id(id))
    }

    /// Looks up an account by its id.
    package func user(_ id: PublicID) async throws(StorageError) -> User? {
        try await read(for: .other) { db in try db.user(id) }
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
        var values: [SQLValue] = [.text(cursor?.text ?? ""), .count(limit + 1)]
        let isSearch = !text.isEmpty
        if isSearch { values.append(.text(text)) }
        let rows = try await read(for: isSearch ? .everything : .other) { [values] db in
            try db.all(Self.pageSQL(isSearch: isSearch), values) { row in
                (try User(row), NameKey(stored: try row.text(at: 7)))
            }
        }
        let page = rows.prefix(limit)
        return UserPage(
            users: page.map { $0.0 },
            cursor: rows.count > limit ? page.last?.1 : nil
        )
    }

    /// The next accounts by the key of the name; only the index is read to find them.
    private static func pageSQL(isSearch: Bool) -> String {
        let dialect = Connection.dialect
        let condition =
            """
            AND (\(dialect.position)(name_key, CAST(?3 AS TEXT)) > 0
                OR \(dialect.position)(email_key, CAST(?3 AS TEXT)) > 0)
            """
        return """
            SELECT \(Connection.userColumns), u.name_key FROM (
                SELECT id FROM users \(dialect.byName)
                WHERE name_key > CAST(?1 AS TEXT) \(isSearch ? condition : "")
                ORDER BY name_key LIMIT ?2
            ) p CROSS JOIN users u WHERE u.id = p.id ORDER BY u.name_key
            """
    }

    private func credentials(
        _ source: String,
        _ key: SQLValue
    ) async throws(StorageError) -> Credentials? {
        let sql = """
            SELECT \(Connection.userColumns), u.password_hash, u.credential_version FROM \(source)
            """
        return try await read(for: .other) { db in
            try db.first(sql, [key]) { row in
                Credentials(
                    user: try User(row),
                    passwordHash: PasswordHash(text: try row.text(at: 7)),
                    credentialVersion: try row.integer(at: 8)
                )
            }
        }
    }
}

extension SQLConnection {
    /// Which of these names accounts have, found a hundred at a time.
    fileprivate func takenNames(among keys: [NameKey]) throws -> Set<NameKey> {
        let step = 100
        let places = Array(repeating: "CAST(? AS TEXT)", count: step).joined(separator: ", ")
        var taken: Set<NameKey> = []
        for start in stride(from: 0, to: keys.count, by: step) {
            let some = keys[start..<min(start + step, keys.count)].map { SQLValue.text($0.text) }
            let rest = Array(repeating: SQLValue.null, count: step - some.count)
            let found = try all(
                "SELECT key FROM account_names WHERE key IN (\(places))",
                some + rest
            ) { row in NameKey(stored: try row.text(at: 0)) }
            taken.formUnion(found)
        }
        return taken
    }
}
