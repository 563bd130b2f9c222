internal import Accounts
internal import HTTP
internal import Sessions
internal import Telemetry

/// The live session of a request, with the key under which it is stored.
struct LiveSession: Sendable {
    let key: TokenDigest
    let session: CheckedSession

    /// Whose session it is.
    var userID: PublicID { session.userID }

    /// What storage looks at again when it changes an account on this session's behalf.
    func mandate(asAdministrator isAdministrative: Bool) -> Mandate {
        Mandate(user: userID, session: session.id, isAdministrative: isAdministrative)
    }
}

extension Site {
    /// Returns the live session of a visit, or `nil`.
    ///
    /// - Throws: 503 when storage cannot say. That is never "signed out".
    func session(of visit: Visit) async throws(Problem) -> LiveSession? {
        switch choices.cookie.find(in: visit.request.cookie.span, mount: visit.request.mount) {
        case .none: return nil
        case .suspicious(let reason):
            record(.suspiciousCookie(reason: reason, from: visit.origin))
            return nil
        case .ticket(let key):
            let session = try await stored(during: "check") { () throws(StorageError) in
                try await sessions.check(key, at: now())
            }
            guard let session else {
                await noteEnded(key, from: visit.origin)
                return nil
            }
            return LiveSession(key: key, session: session)
        }
    }

    /// Says in the log when a ticket that was refused is one that was used up (OWASP
    /// authn_token_reuse); one that never existed is nobody's.
    func noteEnded(_ key: TokenDigest, from origin: Event.Origin?) async {
        guard let session = try? await sessions.endedSession(of: key) else { return }
        record(.endedTicketUsed(session: session.text, from: origin))
    }

    /// Turns a failure of storage into a problem, and says so in the log.
    func stored<Value>(
        during operation: String,
        _ body: () async throws(StorageError) -> Value
    ) async throws(Problem) -> Value {
        do throws(StorageError) {
            return try await body()
        } catch {
            throw problem(of: error, during: operation)
        }
    }

    /// The problem that a storage error is to a visitor.
    ///
    /// Errors that a caller should have handled are a fault of this program, and 503 too.
    func problem(of error: StorageError, during operation: String) -> Problem {
        let (code, detail) = error.cause
        record(.storageFailed(code: code, detail: detail, during: operation))
        return .storageUnavailable(code: code)
    }
}
