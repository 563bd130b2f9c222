package import Accounts
package import Sessions

extension SQLStorage {
    /// Changes the groups of an account, or shuts or opens it.
    package func edit(
        _ id: PublicID,
        _ edit: UserEdit,
        ifVersion version: Int64?,
        force: Bool,
        by mandate: Mandate?,
        at now: Timestamp
    ) async throws(StorageError) -> AccountChange {
        try await write(to: .administration(of: id)) { db in
            try db.require(mandate)
            guard let before = try db.user(id) else { throw StorageError.unknownUser }
            guard version == nil || version == before.editVersion else {
                throw StorageError.conflict
            }
            let after = edit.applied(to: before)
            if !force, after.isDisabled || !after.principal.isAdministrator {
                try db.refuseLastAdministrator(before)
            }
            try db.write(after, over: before)
            var ended: [EndedSession] = []
            if after.isDisabled {
                try db.removeLinks(of: id)
                ended = try db.endAll(of: id, at: now)
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
        try await write(to: .administration(of: id)) { db in
            try db.require(mandate)
            guard let user = try db.user(id) else { throw StorageError.unknownUser }
            if !force { try db.refuseLastAdministrator(user) }
            // First, so that the keys are remembered: the deletion of the user would take the
            // sessions with it.
            let ended = try db.endAll(of: id, at: now)
            try db.announce(.user(id))
            try db.run("DELETE FROM users WHERE id = ?", [.id(id)])
            return AccountChange(before: user, user: user, ended: ended)
        }
    }
}

extension SQLConnection {
    /// Writes what an edit changed, and the new version.
    ///
    /// Whoever is shut has another credential version from then on, so a session that is left
    /// anywhere does not count again when the account is opened.
    fileprivate func write(_ after: User, over before: User) throws {
        try run(
            """
            UPDATE users SET disabled = ?, edit_version = ?,
                credential_version = credential_version + ? WHERE id = ?
            """,
            [
                .flag(after.isDisabled), .integer(after.editVersion),
                .flag(after.isDisabled && !before.isDisabled), .id(after.id),
            ]
        )
        let old = Set(before.groups)
        let new = Set(after.groups)
        for name in old.subtracting(new) {
            try run(
                "DELETE FROM user_groups WHERE user_id = ? AND name = CAST(? AS TEXT)",
                [.id(after.id), .text(name)]
            )
        }
        try addGroups(new.subtracting(old), of: after.id)
        try announce(.user(after.id))
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
