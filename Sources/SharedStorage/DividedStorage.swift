internal import Accounts
internal import Sessions
internal import Storage

/// Accounts in PostgreSQL, sessions in Redis.
///
/// What a check needs of an account lies in Redis too, as the accounts said last (`RedisKeys`). It
/// is taken from the accounts when Redis does not know it, and whenever an account changes.
///
/// A change of an account is one transaction in PostgreSQL, which notes in `changed_users` that
/// Redis has to hear of it. Then Redis is told, in one step with the end of the sessions, then the
/// note is taken away, and only then is the change acknowledged. When the process or Redis fails in
/// between, the change is made but not acknowledged, and the note stays: every machine looks for
/// notes each second (`settle`), so Redis hears of it as soon as it can.
///
/// What is not one transaction, other than with one engine:
/// - An account and its first session: the account is made first. When Redis fails then, the caller
///   is told that storage failed, and the account is there.
/// - A mandate: its session is looked up just before the transaction of the change, its user in it.
package final class DividedStorage: Sendable {
    let accounts: PostgreSQLStorage
    let sessions: RedisSessions

    /// Joins the engines; `accounts` must have been made for sessions that are elsewhere.
    package init(accounts: PostgreSQLStorage, sessions: RedisSessions) {
        self.accounts = accounts
        self.sessions = sessions
    }

    /// How often Redis is told of a user before it is given up: nobody changes an account so often.
    private static let tries = 3

    /// Asks Redis, and tells it of a user whom it does not know; `nil` when the accounts do not
    /// know that user either, or not the password that a session was begun with.
    func ask<Value: Sendable>(
        at now: Timestamp,
        _ question: () async throws(StorageError) -> RedisAnswer<Value>
    ) async throws(StorageError) -> Value? {
        for _ in 0..<Self.tries {
            switch try await question() {
            case .value(let value): return value
            case .unknown(let user): try await introduce(user, at: now)
            }
        }
        return nil
    }

    /// Tells Redis of a user.
    ///
    /// Between a look at the accounts and the telling the account may change, and Redis may be told
    /// of that, forget it, and take the older state for the newest. So the accounts are looked at
    /// once more: what changes after that tells Redis itself.
    private func introduce(_ id: PublicID, at now: Timestamp) async throws(StorageError) {
        var state = try await state(of: id)
        for _ in 0..<Self.tries {
            guard try await sessions.put(state, at: now).isKept else {
                throw .unavailable(code: "full", detail: "Redis has no memory for a user")
            }
            let latest = try await self.state(of: id)
            guard latest != state else { return }
            state = latest
        }
        throw .unavailable(code: "locked", detail: "an account changes all the time")
    }

    /// What the accounts say of a user now.
    func state(of id: PublicID) async throws(StorageError) -> RedisUser {
        RedisUser(id: id, try await accounts.credentials(of: id))
    }
}
