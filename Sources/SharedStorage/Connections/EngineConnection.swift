/// A connection to an engine on the network, used by one thread.
///
/// What it is asked for blocks the thread until the engine has answered, for a bounded time.
package protocol EngineConnection: AnyObject, SendableMetatype {
    /// Whether it can be used: nothing has failed on it, and while it was idle the engine has not
    /// closed it.
    var isUsable: Bool { get }

    /// Whether it failed because the engine did not answer in time.
    var hasTimedOut: Bool { get }

    /// Closes it, without waiting for anything.
    func close()
}
