package import Accounts
package import Sessions

/// Accounts and sessions in the tables of an SQL database.
///
/// What is asked of them is written once, in the files beside this one; a database brings how to
/// look something up and how to write (`SQLConnection`).
package protocol SQLStorage: AccountStorage, SessionStorage, ThrottleStorage, AuditStorage {
    /// A connection to the database.
    associatedtype Connection: SQLConnection

    /// Looks something up; one statement sees one state of the database.
    func read<Value: Sendable>(
        for purpose: ReadPurpose,
        _ look: @escaping @Sendable (Connection) throws -> Value
    ) async throws(StorageError) -> Value

    /// Does `work` in a transaction; returns when it is durable. Nothing of it is left when it
    /// throws.
    ///
    /// No other write to the same `subject` runs at the same time, on whichever machine.
    @discardableResult
    func write<Value: Sendable>(
        to subject: WriteSubject,
        _ work: @escaping @Sendable (Connection) throws -> Value
    ) async throws(StorageError) -> Value
}

/// What a write is about, as far as others must wait for it.
package enum WriteSubject: Hashable, Sendable {
    /// What belongs to one account: its sessions, password, links and devices.
    case account(PublicID)
    /// Who the administrators are, and one account.
    case administration(of: PublicID)
    /// Rows that may change under it: each statement decides by itself.
    case rows
    /// The sessions of everybody; it may take its time.
    case allSessions
}

/// What something is looked up for, as far as it is counted.
package enum ReadPurpose: Hashable, Sendable {
    /// A check that the cache could not answer.
    case check
    /// Anything else that is found by an index.
    case other
    /// What is found by walking over a whole table; it may take its time.
    case everything
}
