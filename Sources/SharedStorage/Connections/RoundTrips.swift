package import Storage
internal import Synchronization

/// Round trips of the connections to one engine since the start.
package final class RoundTrips: Sendable {
    private let checks = Atomic(0)
    private let others = Atomic(0)

    /// Begins with none.
    package init() {}

    /// Counts one.
    package func add(for purpose: ReadPurpose) {
        switch purpose {
        case .check: checks.add(1, ordering: .relaxed)
        case .other, .everything: others.add(1, ordering: .relaxed)
        }
    }

    /// Those for checks that the cache could not answer.
    package var forChecks: Int { checks.load(ordering: .relaxed) }

    /// All others.
    package var forOthers: Int { others.load(ordering: .relaxed) }
}
