internal import GRDB
package import Sessions

extension SQLiteStorage {
    /// Proves that the database can be written to, by writing to it.
    ///
    /// It costs a wait for the disk, shared with the writes that go on. A full disk is noticed when
    /// the write-ahead log would have to grow, which is when other writes would fail too.
    /// The probe changes the file, so every other process that watches it drops its caches: ask
    /// every few seconds, not for each request.
    ///
    /// - Throws: `unavailable` with the code that other writes would get.
    package func probe() async throws(StorageError) {
        try await commits.perform { db in
            try Self.writeProbe(to: db)
            guard db.changesCount == 1 else { throw StorageError(.SQLITE_CORRUPT) }
        }
    }

    /// Writes what means nothing.
    static func writeProbe(to db: Database) throws {
        try db.cachedStatement(sql: "UPDATE probe SET writes = (writes + 1) & 0xFFFF").execute()
    }
}
