package import Sessions
package import Storage

extension PostgreSQLStorage: StorageEngine {
    /// Waits for changes by other processes, a tenth of a second at most; returns what there was.
    package func changesOfOthers() async throws(StorageError) -> [StorageChange] {
        try await feed.changes()
    }

    /// Proves that the database can be written to, by writing to it and waiting for the disk.
    ///
    /// Nobody is told of it, and of two machines that do it at the same time one waits for the
    /// other's commit.
    package func probe() async throws(StorageError) {
        try await write(to: .rows) { db in
            let sql = "UPDATE probe SET writes = (writes + 1) & 65535"
            guard try db.change(sql, []) == 1 else { throw StorageError.damaged }
        }
    }

    /// Does nothing: what is begun here is committed or undone.
    ///
    /// Where the sessions are elsewhere, whoever keeps them sees to `changed_users`.
    package func settle() async throws(StorageError) {}

    /// What the connections have done since the start.
    package var connections: [ConnectionFigures] {
        var figures = ConnectionFigures(engine: "postgresql")
        figures.checkRoundTrips = client.roundTrips.forChecks
        figures.otherRoundTrips = client.roundTrips.forOthers
        figures.reconnects = threads.reconnects + feed.reconnects
        figures.isReachable = threads.isReachable
        figures.feedProof = feed.lastProof
        return [figures]
    }

    /// Closes the connections; what is asked for afterwards fails with `closed`.
    package func close() throws(StorageError) {
        threads.close()
        feed.close()
    }
}
