internal import Accounts
internal import Sessions
internal import Storage
internal import Telemetry

extension LiveStore {
    /// Changes an account and notes what changed.
    func edit(_ user: User, _ edit: UserEdit, force: Bool) async throws -> User {
        let change = try await accounts.edit(user.id, edit, force: force)
        let id = user.id.text
        var events: [Event] = []
        let (before, after) = (Set(change.before.groups), Set(change.user.groups))
        if before != after {
            events.append(
                .groupsChanged(
                    user: id,
                    added: after.subtracting(before).sorted(),
                    removed: before.subtracting(after).sorted(),
                    by: caller,
                    from: origin
                )
            )
        }
        if change.before.isDisabled != change.user.isDisabled {
            let word: Event.UserChange = change.user.isDisabled ? .disabled : .enabled
            events.append(.userUpdated(user: id, change: word, by: caller, from: origin))
        }
        try await note(events + revocations(of: change.ended))
        return change.user
    }

    /// Does something for every account of which a name contains a text, in the order of the names.
    func forEachUser(
        matching text: String = "",
        _ body: (User) async throws -> Void
    ) async throws {
        var cursor: NameKey?
        repeat {
            let page = try await accounts.users(matching: text, after: cursor, limit: 500)
            for user in page.users { try await body(user) }
            cursor = page.cursor
        } while cursor != nil
    }

    /// The live sessions of an account.
    func liveSessions(of user: User) async throws -> [Session] {
        let now = LiveStore.now()
        return try await storage.sessions(of: user.id).filter { !$0.isExpired(at: now) }
    }

    /// The events that sessions were ended from the command line.
    func revocations(of ended: [EndedSession]) -> [Event] {
        ended.map { session in
            .sessionRevoked(
                session: session.id.text,
                user: session.userID.text,
                by: caller,
                from: origin
            )
        }
    }
}
