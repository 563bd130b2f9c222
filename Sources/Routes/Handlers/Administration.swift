internal import Accounts
internal import HTTP
internal import Sessions
internal import Telemetry

// What administrators do to an account, with its events; the API and the pages both come here.

/// A link by which somebody sets a password, as it is handed over.
struct SetPasswordLink: Sendable {
    let url: String
    let expiresAt: Timestamp
}

extension Site {
    /// The account that the path names.
    func user(of visit: Visit) async throws(Problem) -> User {
        let id = try visit.publicID()
        let user = try await stored(during: "user") { () throws(StorageError) in
            try await accounts.user(id)
        }
        guard let user else { throw .notFound }
        return user
    }

    /// Changes an account; what changed holds at the next request of each of its sessions.
    func edit(
        _ edit: UserEdit,
        ifVersion version: Int64?,
        _ visit: Visit,
        _ live: LiveSession
    ) async throws(Problem) -> User {
        let id = try visit.publicID()
        // An edit of nothing moves no version: a colleague's edit must not meet a conflict for it.
        guard edit.groups != nil || edit.isDisabled != nil else {
            return try await user(of: visit)
        }
        let change = try await changing(during: "edit", visit) { () throws(StorageError) in
            try await accounts.edit(
                id,
                edit,
                ifVersion: version,
                by: live.mandate(asAdministrator: true)
            )
        }
        await sessions.forget(user: change.user.id)
        let actor = live.userID.text
        let (before, after) = (Set(change.before.groups), Set(change.user.groups))
        if before != after {
            record(
                .groupsChanged(
                    user: id.text,
                    added: after.subtracting(before).sorted(),
                    removed: before.subtracting(after).sorted(),
                    by: actor,
                    from: visit.origin
                )
            )
        }
        if change.before.isDisabled != change.user.isDisabled {
            record(
                .userUpdated(
                    user: id.text,
                    change: change.user.isDisabled ? .disabled : .enabled,
                    by: actor,
                    from: visit.origin
                )
            )
        }
        noteRevocation(of: change.ended, by: live.userID, visit)
        return change.user
    }

    /// Deletes an account and everything that belongs to it.
    func delete(_ visit: Visit, _ live: LiveSession) async throws(Problem) {
        let id = try visit.publicID()
        let change = try await changing(during: "delete", visit) { () throws(StorageError) in
            try await accounts.delete(id, by: live.mandate(asAdministrator: true))
        }
        await sessions.forget(user: change.user.id)
        record(.userDeleted(user: id.text, by: live.userID.text, from: visit.origin))
        noteRevocation(of: change.ended, by: live.userID, visit)
    }

    /// Ends all sessions of an account; an administrator who ends their own keeps the one in use.
    func endSessions(_ visit: Visit, _ live: LiveSession) async throws(Problem) {
        let user = try await user(of: visit)
        let ended = try await stored(during: "end") { () throws(StorageError) in
            try await sessions.endAll(of: user.id, except: live.session.id, at: now())
        }
        noteRevocation(of: ended, by: live.userID, visit)
    }

    /// Makes a link by which the owner of an account sets a password.
    func makeLink(
        for user: User,
        _ visit: Visit,
        _ live: LiveSession
    ) async throws(Problem) -> SetPasswordLink {
        let secret = try await changing(during: "link", visit) { () throws(StorageError) in
            try await accounts.makeLink(for: user.id, by: live.mandate(asAdministrator: true))
        }
        return link(secret, for: user, visit, live)
    }

    /// A link that was made, as it is handed over, with its event.
    ///
    /// Its address comes from the settings, never from what the request says of the host
    /// (CS-Forgot); without one in the settings it is a path on this site.
    func link(
        _ secret: Ticket,
        for user: User,
        _ visit: Visit,
        _ live: LiveSession
    ) -> SetPasswordLink {
        record(
            .passwordLinkMade(user: user.id.text, by: live.userID.text, from: visit.origin)
        )
        let base = choices.address.isEmpty ? visit.request.mount : choices.address
        return SetPasswordLink(
            url: base + "/set-password?token=" + secret.text,
            expiresAt: now() + choices.passwordLink
        )
    }

    /// The problem of an administrator who was one when the request arrived: 401 when the session
    /// has ended meanwhile, 403 when it goes on.
    func mandateEnded(_ visit: Visit) async -> Problem {
        do throws(Problem) {
            _ = try await requiredSession(of: visit)
            return .forbidden(missing: ["admin"])
        } catch {
            return error
        }
    }

    /// Turns what an administrative change can meet into problems.
    private func changing<Value>(
        during operation: String,
        _ visit: Visit,
        _ body: () async throws(StorageError) -> Value
    ) async throws(Problem) -> Value {
        do throws(StorageError) {
            return try await body()
        } catch {
            switch error {
            case .unknownUser: throw .notFound
            case .conflict: throw .editConflict
            case .lastAdministrator: throw .lastAdministrator
            case .mandateEnded: throw await mandateEnded(visit)
            case .duplicate, .unavailable: throw problem(of: error, during: operation)
            }
        }
    }
}
