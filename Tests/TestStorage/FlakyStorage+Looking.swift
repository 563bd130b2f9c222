package import Accounts
package import Sessions
internal import Storage

// What tests see and change without the calls of the program.

extension FlakyStorage {
    /// Every account.
    package var accounts: [User] {
        get async throws { try await base.users(matching: "", after: nil, limit: 1000).users }
    }

    /// Every session.
    package var storedSessions: [Session] {
        get async throws {
            var sessions: [Session] = []
            for user in try await accounts { sessions += try await base.sessions(of: user.id) }
            return sessions
        }
    }

    /// Changes an account behind the program's back.
    ///
    /// Under another name it is made anew, under the old key and without its sessions.
    package func change(_ name: String, _ change: @Sendable (User) -> User) async throws {
        let key = try AccountName(name).key
        guard let found = try await base.credentials(of: key) else { return }
        let user = change(found.user)
        if user.username == found.user.username {
            var edit = UserEdit(groups: user.groups)
            edit.isDisabled = user.isDisabled
            _ = try await base.edit(
                user.id,
                edit,
                ifVersion: nil,
                force: true,
                by: nil,
                at: user.createdAt
            )
            return
        }
        _ = try await base.delete(user.id, force: true, by: nil, at: user.createdAt)
        try await base.insert(
            NewAccount(
                user: user,
                passwordHash: found.passwordHash,
                nameKey: key,
                emailKey: nil
            ),
            beginning: nil,
            by: nil
        )
    }
}
