@testable import Sessions

/// A session that has begun, with what its beginning did.
struct Begun: Sendable {
    let new: NewSession
    let insertion: Insertion

    var ticket: Ticket { new.ticket }
    var session: Session { new.session }
}

extension SessionStore {
    /// Draws a session for somebody who has proved the first password, and begins it.
    func begin(
        for user: PublicID,
        isRemembered: Bool = false,
        policy: SessionPolicy = shortPolicy,
        replacing old: [TokenDigest] = [],
        at now: Timestamp
    ) async throws(StorageError) -> Begun {
        let new = policy.newSession(
            of: user,
            client: device,
            isRemembered: isRemembered,
            at: now
        )
        let insertion = try await begin(
            new,
            for: Authentication(userID: user, credentialVersion: 1),
            keeping: policy.sessionsPerAccount,
            replacing: old
        )
        return Begun(new: new, insertion: insertion)
    }
}
