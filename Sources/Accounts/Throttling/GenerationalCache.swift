/// A bounded dictionary that keeps what is used and costs nothing to keep in order.
///
/// There are two generations. A new or changed value goes into the young one; when that holds
/// half the capacity it becomes the old one, and what the old one held goes. A value that is
/// found in the old generation moves to the young one. So a value that is used at least once per
/// generation stays, one that is not goes after one or two, and the whole never holds more than
/// `capacity` values. There are no links to maintain and no clock hand to move.
struct GenerationalCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let capacityOfOne: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    /// Creates a cache for at most `capacity` values; at least two.
    init(capacity: Int) {
        capacityOfOne = max(1, capacity / 2)
    }

    /// The number of values.
    var count: Int { young.count + old.count }

    /// The value of a key; reading keeps it.
    subscript(key: Key) -> Value? {
        mutating get {
            if let value = young[key] { return value }
            guard let value = old.removeValue(forKey: key) else { return nil }
            insert(value, for: key)
            return value
        }
        set {
            old[key] = nil
            if let newValue {
                insert(newValue, for: key)
            } else {
                young[key] = nil
            }
        }
    }

    /// Drops the values that are meant.
    mutating func removeAll(where isMeant: (Value) -> Bool) {
        young = young.filter { !isMeant($0.value) }
        old = old.filter { !isMeant($0.value) }
    }

    /// Empties the cache.
    mutating func removeAll() {
        young = [:]
        old = [:]
    }

    private mutating func insert(_ value: Value, for key: Key) {
        if young.count >= capacityOfOne, young[key] == nil {
            old = young
            young = [:]
        }
        young[key] = value
    }
}
