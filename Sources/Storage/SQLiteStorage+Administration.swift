package import Accounts
internal import GRDB
package import Sessions

extension SQLiteStorage {
    /// Changes the groups of an account, or shuts or opens it.
    package func edit(
        _ id: PublicID,
        _ edit: UserEdit,
        ifVersion version: Int64?,
        force: Bool,
        by mandate: Mandate?,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        try await commits.perform { db in
            try Self.require(mandate, in: db)
            guard let before = try Self.user(id, in: db) else { throw StorageError.unknownUser }
            guard version == nil || version == before.editVersion else {
                throw StorageError.conflict
            }
            let after = edit.applied(to: before)
            if !force, after.isDisabled || !after.principal.isAdministrator {
                try Self.refuseLastAdministrator(before, in: db)
            }
            try Self.write(after, over: before, in: db)
            var ended: [EndedSession] = []
            if after.isDisabled {
                try Self.removeLinks(of: id, in: db)
                ended = try Self.endAll(of: id, at: now, in: db)
            }
            return AccountChange(before: before, user: after, ended: ended)
        }
    }

    /// Deletes an account and everything that belongs to it but its lines in the audit trail.
    package func delete(
        _ id: PublicID,
        force: Bool,
        by mandate: Mandate?,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        try await commits.perform { db in
            try Self.require(mandate, in: db)
            guard let user = try Self.user(id, in: db) else { throw StorageError.unknownUser }
            if !force { try Self.refuseLastAdministrator(user, in: db) }
            // First, so that the keys are remembered: the deletion of the user would take the
            // sessions with it.
            let ended = try Self.endAll(of: id, at: now, in: db)
            try db.cachedStatement(sql: "DELETE FROM users WHERE id = ?")
                .execute(arguments: [id.stored])
            return AccountChange(before: user, user: user, ended: ended)
        }
    }

    /// Writes what an edit changed, and the new version.
    private static func write(_ after: User, over before: User, in db: Database) throws {
        try db.cachedStatement(sql: "UPDATE users SET disabled = ?, edit_version = ? WHERE id = ?")
            .execute(arguments: [after.isDisabled, after.editVersion, after.id.stored])
        let old = Set(before.groups)
        let new = Set(after.groups)
        let removal = try db.cachedStatement(
            sql: "DELETE FROM user_groups WHERE user_id = ? AND name = CAST(? AS TEXT)"
        )
        for name in old.subtracting(new) {
            try removal.execute(arguments: [after.id.stored, name.stored])
        }
        try addGroups(new.subtracting(old), of: after.id, to: db)
    }
}

extension UserEdit {
    /// The account as the edit makes it, with the next version.
    fileprivate func applied(to user: User) -> User {
        let names = Set(groups ?? user.groups).union(addedGroups).subtracting(removedGroups)
        return User(
            id: user.id,
            username: user.username,
            email: user.email,
            groups: names.sorted(),
            isDisabled: isDisabled ?? user.isDisabled,
            createdAt: user.createdAt,
            // Only equality counts; a damaged number must not stop the program.
            editVersion: user.editVersion &+ 1
        )
    }
}
