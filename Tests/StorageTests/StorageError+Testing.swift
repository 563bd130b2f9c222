import Foundation
import Sessions
import Testing

@testable import Storage

extension StorageError {
    /// What a closed SQLite connection answers.
    static let closed = StorageError.unavailable(code: "closed", detail: "SQLITE_MISUSE (21)")

    /// The stable code of a failure of the system.
    var code: String? {
        if case .unavailable(let code, _) = self { code } else { nil }
    }
}

/// Returns what `body` fails with, or `nil` when it succeeds.
func failure(_ body: () async throws -> Void) async -> StorageError? {
    do {
        try await body()
        return nil
    } catch let error as StorageError {
        return error
    } catch {
        Issue.record(error)
        return nil
    }
}

/// Our values as GRDB takes them.
extension PublicID {
    var stored: Data { Data(bytes) }
}

extension TokenDigest {
    var stored: Data { Data(bytes) }
}
