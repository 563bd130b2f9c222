internal import Synchronization

/// A thing that is read at every request and now and then replaced as a whole.
///
/// Reading is one atomic load. What was replaced is kept for good, since a worker may be using it:
/// some kilobytes for every time the settings are read again.
final class Current<Thing: AnyObject & Sendable>: Sendable {
    private let address: Atomic<UInt>

    init(_ thing: Thing) {
        address = Atomic(Current.keep(thing))
    }

    /// The thing that holds now.
    var value: Thing {
        let address = address.load(ordering: .acquiring)
        guard let pointer = unsafe UnsafeRawPointer(bitPattern: address) else {
            preconditionFailure("there is always a thing")
        }
        return unsafe Unmanaged<Thing>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Puts another in its place.
    func replace(with thing: Thing) {
        address.store(Current.keep(thing), ordering: .releasing)
    }

    private static func keep(_ thing: Thing) -> UInt {
        UInt(bitPattern: unsafe Unmanaged.passRetained(thing).toOpaque())
    }
}
