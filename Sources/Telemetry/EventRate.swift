import Synchronization

/// Holds back events that an outsider can cause as often as they like.
///
/// Of each name that `EventName.isBounded` marks so many pass in each span of time; the next that
/// passes tells how many did not. A flood therefore fills neither the log nor the audit trail, and
/// still shows with its size. It uses atomic numbers only and never waits.
final class EventRate: Sendable {
    /// The length of a span in seconds.
    private static let span: Int64 = 10
    /// How many pass in a span.
    ///
    /// Ten a second of each of the ten bounded names is at most 100 lines or 20 KB a second in
    /// all, which the journal and one transaction in some seconds carry easily, and enough to see
    /// who does what.
    private static let limit: UInt64 = 100

    private let allowances = EventName.allCases.map { _ in Allowance() }

    private final class Allowance: Sendable {
        /// The number of the span and, in the lowest 8 bits, how many passed in it.
        let passed = Atomic<UInt64>(0)
        /// How many were held back since one passed.
        let heldBack = Atomic(0)
    }

    /// Lets an event pass, and tells how many of its name were held back before it; `nil` holds
    /// this one back.
    func pass(_ name: EventName, at seconds: Int64) -> Int? {
        guard name.isBounded else { return 0 }
        let allowance = allowances[name.rawValue]
        let now = UInt64(max(0, seconds) / EventRate.span)
        var old = allowance.passed.load(ordering: .relaxed)
        while true {
            let span = old >> 8
            // A thread may be late by one span; a clock that was set back further begins anew.
            let isSame = now == span || now + 1 == span
            let count = isSame ? old & 0xFF : 0
            guard count < EventRate.limit else {
                allowance.heldBack.wrappingAdd(1, ordering: .relaxed)
                return nil
            }
            let new = (isSame ? span : now) << 8 | (count + 1)
            let result = allowance.passed.weakCompareExchange(
                expected: old,
                desired: new,
                ordering: .relaxed
            )
            if result.exchanged { return allowance.heldBack.exchange(0, ordering: .relaxed) }
            old = result.original
        }
    }
}
