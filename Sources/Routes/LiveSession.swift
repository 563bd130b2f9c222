internal import HTTP
internal import Sessions
internal import Telemetry

/// The live session of a request, with the key under which it is stored.
struct LiveSession: Sendable {
    let key: TokenDigest
    let session: CheckedSession
}

extension Site {
    /// Returns the live session of a visit, or `nil`.
    ///
    /// - Throws: 503 when storage cannot say. That is never "signed out".
    func session(of visit: Visit) async throws(Problem) -> LiveSession? {
        switch cookie.find(in: visit.request.cookie.span, mount: visit.request.mount) {
        case .none: return nil
        case .suspicious(let reason):
            record(.suspiciousCookie(reason: reason, from: visit.origin))
            return nil
        case .ticket(let key):
            let session = try await stored(during: "check") { () throws(StorageError) in
                try await sessions.check(key, at: now())
            }
            return session.map { LiveSession(key: key, session: $0) }
        }
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
    func problem(of error: StorageError, during operation: String) -> Problem {
        switch error {
        case .unavailable(let code, let detail):
            record(.storageFailed(code: code, detail: detail, during: operation))
            return .storageUnavailable(code: code)
        case .duplicate, .unknownUser:
            // The callers that these can happen to handle them; anywhere else they are a fault.
            record(.storageFailed(code: "unexpected", detail: "\(error)", during: operation))
            return .storageUnavailable(code: "unexpected")
        }
    }
}
