package import Sessions

/// Storage that everything can be copied out of, or into.
package protocol Movable: Sendable {
    /// The source of a move into this storage that was begun and not finished; `nil` when there is
    /// none. Such storage must not be used.
    func unfinishedMove() async throws(StorageError) -> String?

    /// Notes that a move from a source has begun.
    ///
    /// - Throws: `.conflict` when there are accounts already, or a move from elsewhere has begun.
    func beginMove(from source: String) async throws(StorageError)

    /// Lets the storage be used.
    func finishMove() async throws(StorageError)

    /// Reads at most `limit` rows of a table after a key, in one order each time.
    func rows(
        of table: MovableTable,
        after key: MovableTable.Row?,
        limit: Int
    ) async throws(StorageError) -> [MovableTable.Row]

    /// Returns the key after which a move that was broken off goes on; `nil` for the beginning.
    func lastKey(of table: MovableTable) async throws(StorageError) -> MovableTable.Row?

    /// Adds rows; those that are there already stay as they are.
    func add(_ rows: [MovableTable.Row], to table: MovableTable) async throws(StorageError)
}
