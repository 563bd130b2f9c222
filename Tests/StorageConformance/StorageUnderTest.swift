package import Accounts
package import Sessions

/// One fresh, empty storage that the conformance suites try out.
package struct StorageUnderTest: Sendable {
    /// Makes a fresh, empty storage.
    package typealias Factory = @Sendable () async throws -> StorageUnderTest

    /// Where its sessions are.
    package let sessions: any SessionStorage
    /// Where its accounts are.
    package let accounts: any AccountStorage
    /// Where the counters of failed tries are.
    package let throttle: any ThrottleStorage
    /// Closes the storage and opens it again on what it wrote.
    package let reopen: @Sendable () async throws -> StorageUnderTest

    /// Describes a storage to try out.
    package init(
        sessions: any SessionStorage,
        accounts: any AccountStorage,
        throttle: any ThrottleStorage,
        reopen: @escaping @Sendable () async throws -> StorageUnderTest
    ) {
        self.sessions = sessions
        self.accounts = accounts
        self.throttle = throttle
        self.reopen = reopen
    }
}
