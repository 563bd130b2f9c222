/// Why a password was neither hashed nor verified.
package enum HashingError: Error, Hashable, Sendable {
    /// As many passwords are being hashed and waiting as may; said at once, without waiting.
    case busy
    /// There was no memory for the hash.
    case outOfMemory
    /// The hasher was stopped.
    case stopped
}
