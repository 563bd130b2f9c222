package import Sessions

/// Copying everything from one storage to another, for a site that outgrows the first.
///
/// The servers are stopped meanwhile. Rows are copied in the order of their keys, so a move that
/// was broken off goes on where it was; until it is finished the target says so, and nobody opens
/// it. At the end both are read once more and compared: the number of rows, and a digest of them.
package struct Move: Sendable {
    /// How far a move is.
    package struct Progress: Sendable {
        /// What is being done.
        package enum Step: Sendable {
            case copying, comparing
        }

        /// What is being done.
        package let step: Step
        /// With which table.
        package let table: String
        /// How many rows have been seen.
        package let rows: Int
    }

    /// Why a move came to no end.
    package enum Failure: Error, Hashable, Sendable {
        /// The target has accounts, or a move into it from elsewhere was begun.
        case notEmpty
        /// A table of the target does not hold what that of the source holds.
        case differs(table: String, source: Int, target: Int)
        /// One of the two failed.
        case storage(StorageError)
    }

    /// How many rows are copied at a time.
    private static let page = 500

    private let source: any Movable
    private let target: any Movable
    private let report: @Sendable (Progress) -> Void

    /// Prepares a move; `report` is called after each page.
    package init(
        from source: any Movable,
        to target: any Movable,
        report: @escaping @Sendable (Progress) -> Void
    ) {
        self.source = source
        self.target = target
        self.report = report
    }

    /// Copies everything and compares; returns how many rows of each table there are.
    ///
    /// - Parameter name: what the source is called in the target while the move is not finished.
    package func run(
        named name: String
    ) async throws(Failure) -> [(table: String, rows: Int)] {
        do throws(StorageError) {
            try await target.beginMove(from: name)
            for table in MovableTable.all { try await copy(table) }
        } catch {
            throw error == .conflict ? .notEmpty : .storage(error)
        }
        var counts: [(table: String, rows: Int)] = []
        for table in MovableTable.all {
            counts.append((table.name, try await compare(table)))
        }
        do throws(StorageError) {
            try await target.finishMove()
        } catch {
            throw .storage(error)
        }
        return counts
    }

    private func copy(_ table: MovableTable) async throws(StorageError) {
        var key = try await target.lastKey(of: table)
        var count = 0
        while true {
            let rows = try await source.rows(of: table, after: key, limit: Self.page)
            guard let last = rows.last else { return }
            try await target.add(rows, to: table)
            key = Array(last.prefix(table.keyCount))
            count += rows.count
            report(Progress(step: .copying, table: table.name, rows: count))
        }
    }

    private func compare(_ table: MovableTable) async throws(Failure) -> Int {
        let (here, there): (Tally, Tally)
        do throws(StorageError) {
            here = try await tally(table, in: source)
            there = try await tally(table, in: target)
        } catch {
            throw .storage(error)
        }
        guard here == there else {
            throw .differs(table: table.name, source: here.count, target: there.count)
        }
        return here.count
    }

    private func tally(
        _ table: MovableTable,
        in storage: any Movable
    ) async throws(StorageError) -> Tally {
        var tally = Tally()
        var key: MovableTable.Row?
        while true {
            let rows = try await storage.rows(of: table, after: key, limit: Self.page)
            guard let last = rows.last else { return tally }
            for row in rows { tally.add(row) }
            key = Array(last.prefix(table.keyCount))
            report(Progress(step: .comparing, table: table.name, rows: tally.count))
        }
    }
}
