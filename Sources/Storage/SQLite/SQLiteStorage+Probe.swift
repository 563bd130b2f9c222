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
            guard try db.writeProbe() == 1 else { throw StorageError.damaged }
        }
    }
}

extension SQLiteDatabase {
    /// Writes what means nothing; returns how many rows that were, which is 1.
    @discardableResult
    func writeProbe() throws -> Int {
        try change("UPDATE probe SET writes = (writes + 1) & 65535", [])
    }
}
