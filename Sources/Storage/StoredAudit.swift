package import Telemetry

/// A line of the audit trail as it is stored.
package struct StoredAudit: Hashable, Sendable {
    /// Where a line stands in the trail: lines are ordered by their time, those of one second by
    /// when they were written.
    package struct Position: Hashable, Comparable, Sendable {
        /// When it happened, in seconds since 1970-01-01T00:00:00Z.
        package let at: Int64
        /// The number of the line, which counts up.
        package let id: Int64

        /// Names a place, of a line that is still there or not.
        package init(at: Int64, id: Int64) {
            self.at = at
            self.id = id
        }

        package static func < (left: Position, right: Position) -> Bool {
            (left.at, left.id) < (right.at, right.id)
        }
    }

    /// The number of the line, which counts up.
    package let id: Int64
    /// What happened.
    package let record: AuditRecord

    /// Joins a line with its number.
    package init(id: Int64, record: AuditRecord) {
        self.id = id
        self.record = record
    }

    /// Where it stands: what the next page goes on before.
    package var position: Position { Position(at: record.at, id: id) }
}
