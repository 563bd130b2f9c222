import Synchronization

/// A number that threads add to without waiting for each other.
final class Counter: Sendable {
    private let number = Atomic<UInt64>(0)

    /// Adds to the number.
    func add(_ amount: UInt64 = 1) {
        number.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The sum of what was added until now.
    var value: UInt64 { number.load(ordering: .relaxed) }
}
